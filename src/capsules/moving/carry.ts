/** Carries the parts of a capsule from its host into the blob store, and from there to the other host. A connection that breaks, and an agent that is restarted, are
 *  waited for; what is there already is not sent again. */
import { addAbortSignal } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { isYardError, YardError, type YardErrorCode } from "../../platform/errors.ts";
import type { Arrivals, ImagePart, SandboxImage } from "../../sandboxes/sandbox.ts";
import type { CapsuleParts } from "../parts.ts";
import type { CapsuleSandboxes } from "../sandboxes.ts";
import type { CapsuleMove } from "./move-store.ts";

export interface CarryParts extends Pick<CapsuleParts, "blobs"> {
  readonly sandboxes: CapsuleSandboxes;
  /** Between two tries, in milliseconds. */
  readonly retryMs: number;
}

export interface Carrier {
  /** Names of the parts that the other host lacks. Nothing is sent yet, so nothing is tried again. @throws {YardError} precondition, if it could not go on there */
  announce(move: CapsuleMove, signal: AbortSignal): Promise<readonly string[]>;
  /** When this resolves, the capsule's host is not needed any more. */
  send(move: CapsuleMove, missing: readonly string[], signal: AbortSignal): Promise<void>;
  /** When this resolves, the other host has it whole. */
  deliver(move: CapsuleMove, signal: AbortSignal): Promise<void>;
  /** Removes all that lies in between. */
  clear(move: CapsuleMove): Promise<void>;
}

const mostTries = 5;
const fleeting: readonly YardErrorCode[] = ["unavailable", "interrupted", "timeout", "not_found"];
const prefix = "capsule-moves";
const mostBlobs = 1_000;

export function createCarrier({ blobs, sandboxes, retryMs }: CarryParts): Carrier {
  const prefixOf = ({ id }: CapsuleMove) => `${prefix}/${id}/`;
  const keyOf = (move: CapsuleMove, { name }: ImagePart) => `${prefixOf(move)}${name}`;

  async function arrivalsOf({ toHostId, driver }: CapsuleMove): Promise<Arrivals> {
    const host = await sandboxes.host(toHostId);
    if (!host.connected) throw new YardError("unavailable", `Host ${host.name} cannot be reached.`, { field: "host" });
    const { arrivals } = host.driver(driver);
    if (arrivals) return arrivals;
    const message = `Host ${host.name} takes no capsules of other hosts: its agent may be of an older version.`;
    throw new YardError("precondition", message, { field: "host" });
  }

  async function hasBlob(key: string): Promise<boolean> {
    try {
      await blobs.head(key);
      return true;
    } catch (error) {
      if (isYardError(error, "not_found")) return false;
      throw error;
    }
  }

  async function sendPart(move: CapsuleMove, part: ImagePart, signal: AbortSignal): Promise<void> {
    const key = keyOf(move, part);
    if (await hasBlob(key)) return;
    await insist(signal, async () => {
      const { capsuleId: id, driver, fromHostId: hostId } = move;
      await sandboxes.use({ id, driver, hostId }, async ({ departure }) => {
        if (!departure) throw new YardError("precondition", `Capsules of the driver ${driver} cannot be moved.`);
        await blobs.put(key, await departure.part(part.name), { signal });
      });
    });
  }

  /** One that the other host had before, and has no more, is still to be sent. */
  async function deliverPart(move: CapsuleMove, part: ImagePart, arrivals: Arrivals, signal: AbortSignal) {
    await sendPart(move, part, signal);
    const { stream } = await blobs.get(keyOf(move, part));
    try {
      await arrivals.put(move.capsuleId, part, addAbortSignal(signal, stream));
    } finally {
      stream.destroy();
    }
  }

  /** Until it is done, or fails in a way that another try would, too. */
  async function insist<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      signal.throwIfAborted();
      try {
        return await work();
      } catch (error) {
        signal.throwIfAborted();
        if (!isFleeting(error) || tries === mostTries) throw error;
        await sleep(retryMs, undefined, { signal }).catch(() => {});
      }
    }
  }

  /** Of a move before, or of a try before: what the other host has of a capsule that is not there is not what is sent now. */
  async function removeLeftover({ capsuleId: id, driver, toHostId: hostId }: CapsuleMove): Promise<void> {
    await sandboxes.remove({ id, driver, hostId });
  }

  async function complete(arrivals: Arrivals, image: SandboxImage): Promise<void> {
    try {
      await arrivals.complete(image);
    } catch (error) {
      if (!isYardError(error, "precondition")) throw error;
      // Its agent was restarted meanwhile, and has forgotten what had arrived.
      throw new YardError("interrupted", error.message, { cause: error });
    }
  }

  const partsCalled = ({ image }: CapsuleMove, names: readonly string[]) =>
    image.parts.filter(({ name }) => names.includes(name));

  return {
    async announce(move, signal) {
      signal.throwIfAborted();
      await removeLeftover(move);
      return (await arrivalsOf(move)).begin(move.image);
    },

    async send(move, missing, signal) {
      for (const part of partsCalled(move, missing)) await sendPart(move, part, signal);
    },

    deliver: (move, signal) =>
      insist(signal, async () => {
        await removeLeftover(move);
        const arrivals = await arrivalsOf(move);
        for (const part of partsCalled(move, await arrivals.begin(move.image)))
          await deliverPart(move, part, arrivals, signal);
        signal.throwIfAborted();
        await complete(arrivals, move.image);
      }),

    async clear(move) {
      for (;;) {
        const left = await blobs.list(prefixOf(move), { limit: mostBlobs });
        for (const { key } of left) await blobs.delete(key);
        if (left.length < mostBlobs) return;
      }
    },
  };
}

/** Whether it may well be over in a moment. */
export function isFleeting(error: unknown): boolean {
  return error instanceof YardError && fleeting.includes(error.code);
}
