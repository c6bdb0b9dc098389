/** Moves a capsule in which nothing runs to another host.
 *
 *      sending ──▶ sent ──▶ arrived        what is left of it on its old host goes
 *         └──────────┴────▶ abandoned      what has arrived on the other host goes
 *
 *  Its parts go from its host into the blob store (`sending`), and from there to the other host (`sent`: the capsule's host is not needed any more). When that has all of
 *  them on its disk, the record of the capsule changes together with the move (`arrived`): that one commit says on which host the capsule is, and before it the capsule is
 *  where it was, untouched. The intent is recorded first, so whoever dies, the next yard finds what is left to do: a move that was still sending is given up, one that had
 *  sent goes on, and leftovers are removed. A capsule that is resumed meanwhile gives its move up. */
import { isYardError, YardError } from "../../platform/errors.ts";
import { newId } from "../../platform/ids.ts";
import type { WithName } from "../../platform/name-lock.ts";
import type { Announce } from "../announce.ts";
import type { Actor, Capsule, CapsuleScope } from "../capsule.ts";
import { cannot } from "../lifecycle.ts";
import { isFinal } from "../moves.ts";
import type { CapsuleParts } from "../parts.ts";
import type { CapsuleSandboxes } from "../sandboxes.ts";
import { type Carrier, isFleeting } from "./carry.ts";
import { findTarget, requirePlace } from "./find-target.ts";
import { type CapsuleMove, isMoving, isUnfinished, type MoveStore } from "./move-store.ts";
import { requireSize } from "./require-size.ts";

export interface MovingParts extends Pick<CapsuleParts, "hosts" | "clock" | "essential" | "log"> {
  readonly moves: MoveStore;
  readonly carrier: Carrier;
  readonly sandboxes: CapsuleSandboxes;
  readonly announce: Announce;
  readonly withCapsule: WithName;
  /** @throws {YardError} not_found */
  readonly get: (teamId: string, id: string) => Promise<Capsule>;
  readonly find: (id: string) => Promise<Capsule | undefined>;
}

export interface Moving extends AsyncDisposable {
  move(scope: CapsuleScope, id: string, wanted: { readonly host: string }): Promise<Capsule>;
  /** This yard moves it now. */
  isLive(capsuleId: string): boolean;
  /** Breaks its move off, if this yard moves it: it stays where it is. */
  breakOff(capsuleId: string): void;
  /** For those who hold it (`withCapsule`): goes on with a move that was broken off, or takes it back, and removes what is left of it. What the other host cannot
   *  take now is tried again later: its blobs may be all that there is of the capsule. */
  finish(move: CapsuleMove, actor: Actor): Promise<void>;
}

export function createMoving(parts: MovingParts): Moving {
  const { moves, carrier, sandboxes, announce, withCapsule, clock, essential, log } = parts;
  /** Of this yard's life: what others own is touched only when they can no longer act. */
  const owner = newId("mover", clock.now());
  let isClosing = false;
  const live = new Map<string, { readonly breaking: AbortController; readonly done: Promise<unknown> }>();

  async function begin(capsule: Capsule, toHostId: string): Promise<CapsuleMove> {
    const image = await sandboxes.use(capsule, ({ departure }) => departure?.image());
    if (!image) throw new YardError("precondition", `Capsules of the driver ${capsule.driver} cannot be moved.`);
    requireSize(capsule, image);
    const { id: capsuleId, driver, hostId: fromHostId } = capsule;
    const now = clock.now();
    const named = { id: newId("move", now), capsuleId, driver, fromHostId, toHostId };
    const move: CapsuleMove = { ...named, phase: "sending", owner, image, begunAt: now };
    await moves.insert(move);
    return move;
  }

  async function carry(move: CapsuleMove, signal: AbortSignal): Promise<Capsule> {
    const missing = await carrier.announce(move, signal);
    await carrier.send(move, missing, signal);
    const sent = await moves.markSent(move);
    if (!sent) throw givenUp(move);
    return arrive(sent, signal);
  }

  async function arrive(move: CapsuleMove, signal: AbortSignal): Promise<Capsule> {
    await carrier.deliver(move, signal);
    signal.throwIfAborted();
    const moved = await essential(() => moves.settle(move));
    if (!moved) throw givenUp(move);
    return moved;
  }

  /** Nothing is lost by what fails here: it is tried again. */
  async function clear(capsuleId: string): Promise<void> {
    const move = await moves.get(capsuleId);
    if (!move || isUnfinished(move)) return;
    const { driver, fromHostId, toHostId, phase } = move;
    const hostId = phase === "arrived" ? fromHostId : toHostId;
    await sandboxes.remove({ id: capsuleId, driver, hostId }).catch((error: unknown) => {
      if (!isYardError(error, "unavailable")) throw error; // once it is back, the comparison with the table removes it
    });
    if (phase === "abandoned") await forgetArrival(move);
    await carrier.clear(move);
    await moves.forget(move);
  }

  async function forgetArrival({ capsuleId, driver, toHostId }: CapsuleMove): Promise<void> {
    try {
      await (await sandboxes.host(toHostId)).driver(driver).arrivals?.abandon(capsuleId);
    } catch (error) {
      log.info({ err: error, capsule: capsuleId }, "what has arrived of a capsule is removed later");
    }
  }

  async function clearNow(capsuleId: string): Promise<void> {
    await clear(capsuleId).catch((error: unknown) => {
      log.warn({ err: error, capsule: capsuleId }, "what is left of a capsule's move is removed later");
    });
  }

  /** The capsule stays where it is. */
  async function takeBack(capsuleId: string): Promise<void> {
    await essential(() => moves.giveUp(capsuleId)); // also on a full disk: what has arrived must not stay
    await clearNow(capsuleId);
  }

  async function moveHeld(
    { teamId, actor }: CapsuleScope,
    id: string,
    wanted: { readonly host: string },
    signal: AbortSignal,
  ): Promise<Capsule> {
    const before = await parts.get(teamId, id);
    await requireDeparture(before);
    const target = findTarget(parts.hosts, wanted.host);
    if (target.id === before.hostId) return before;
    if (before.status !== "paused" && before.status !== "hibernated") throw cannot("move", before);
    await requirePlace(parts.hosts, before, target);
    await takeBack(id); // one that was broken off
    const move = await begin(before, target.id);
    try {
      const moved = await carry(move, signal);
      log.info({ capsule: id, host: target.name }, "a capsule was moved");
      announce.moved(moved, before.hostId, actor);
      await clearNow(id);
      return moved;
    } catch (error) {
      await takeBack(id);
      throw asMoveError(error, move, signal);
    }
  }

  async function requireDeparture({ id, driver, hostId }: Capsule): Promise<void> {
    const host = await sandboxes.host(hostId);
    if (host.driver(driver).can.moves) return;
    const message = `Capsule ${id} cannot be moved: the driver ${driver} keeps what is in it on its host. Capsules of the driver microvm can be.`;
    throw new YardError("precondition", message, { field: "driver" });
  }

  return {
    async move(scope, id, wanted) {
      if (live.has(id)) throw isMoving(await parts.get(scope.teamId, id));
      const breaking = new AbortController();
      const done = withCapsule(id, () => moveHeld(scope, id, wanted, breaking.signal));
      live.set(id, { breaking, done });
      try {
        return await done;
      } finally {
        live.delete(id);
      }
    },
    breakOff: (id) => live.get(id)?.breaking.abort("ended"),
    isLive: (id) => live.has(id),

    async finish(found, actor) {
      if (isClosing) return; // the next yard does it
      const { capsuleId, toHostId } = found;
      const move = isUnfinished(found) ? await moves.claim(found, owner) : found;
      if (!move) return;
      const capsule = await parts.find(capsuleId);
      const isThere = capsule && !isFinal(capsule.status) && capsule.hostId === move.fromHostId;
      const goesOn = move.phase === "sent" && isThere && (await parts.hosts.find(toHostId)) !== undefined;
      if (!goesOn) return takeBack(capsuleId);
      const breaking = new AbortController();
      const done = arrive(move, breaking.signal);
      live.set(capsuleId, { breaking, done });
      try {
        announce.moved(await done, move.fromHostId, actor);
        log.info({ capsule: capsuleId }, "a capsule's move that was broken off is finished");
        await clearNow(capsuleId);
      } catch (error) {
        if (!breaking.signal.aborted && !isFleeting(error)) await takeBack(capsuleId);
        throw error;
      } finally {
        live.delete(capsuleId);
      }
    },

    async [Symbol.asyncDispose]() {
      isClosing = true;
      const all = [...live.values()];
      for (const { breaking } of all) breaking.abort("ended");
      await Promise.allSettled(all.map(({ done }) => done));
    },
  };
}

function givenUp({ capsuleId }: CapsuleMove): YardError {
  const message = `Capsule ${capsuleId} was resumed, or ended, while it was moved: it stays where it was.`;
  return new YardError("conflict", message);
}

function asMoveError(error: unknown, { capsuleId }: CapsuleMove, signal: AbortSignal): unknown {
  if (signal.aborted)
    return new YardError("interrupted", `The move of capsule ${capsuleId} was broken off: it stays where it was.`);
  if (isYardError(error, "invalid") && error.field === "part") {
    const message = `${error.message} Capsule ${capsuleId} stays where it was; move it again.`;
    return new YardError("unavailable", message, { cause: error });
  }
  return error;
}
