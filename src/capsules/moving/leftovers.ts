/** What moves leave behind when a yard, an agent or a connection dies in the middle: looked for at the start and from time to time. */
import type { Host } from "../../hosts/host.ts";
import { every } from "../../platform/timers.ts";
import { systemActor } from "../announce.ts";
import type { CapsuleParts, CapsuleTimes } from "../parts.ts";
import { type CapsuleMove, isUnfinished, type MoveStore } from "./move-store.ts";
import type { Moving } from "./moving.ts";

export interface LeftoverParts extends Pick<CapsuleParts, "hosts" | "log"> {
  readonly moves: MoveStore;
  readonly moving: Moving;
  readonly withCapsule: <T>(id: string, work: () => Promise<T>) => Promise<T>;
  readonly times: Pick<CapsuleTimes, "reconcileMs">;
}

export interface FinishingMoves extends AsyncDisposable {
  /** Looks now: a host is back. */
  look(): Promise<void>;
}

/** Begins at once. */
export function finishMoves({ moves, moving, hosts, log, withCapsule, times }: LeftoverParts): FinishingMoves {
  /** A yard that lives and moves a capsule reaches both hosts: no other does. */
  async function isOurs({ fromHostId, toHostId, phase }: CapsuleMove): Promise<boolean> {
    const reached = new Set(hosts.list().flatMap(({ id, connected }) => (connected ? [id] : [])));
    if (phase === "sent" && reached.has(toHostId)) return true;
    const isNobodys = (await hosts.find(fromHostId)) === undefined || (await hosts.find(toHostId)) === undefined;
    return isNobodys || (phase === "sending" && (reached.has(fromHostId) || reached.has(toHostId)));
  }

  async function look(): Promise<void> {
    try {
      for (const { capsuleId } of await moves.list()) {
        if (moving.isLive(capsuleId)) continue;
        await withCapsule(capsuleId, async () => {
          const move = await moves.get(capsuleId);
          if (move && (!isUnfinished(move) || (await isOurs(move)))) await moving.finish(move, systemActor);
        }).catch((err: unknown) => log.warn({ err, capsule: capsuleId }, "a move is not finished; it is tried again"));
      }
    } catch (error) {
      log.warn({ err: error }, "moves that were broken off could not be looked for; it is tried again");
    }
  }

  let last = Promise.resolve();
  /** One after the other: none of them fails. */
  const lookNext = () => {
    last = last.then(look);
    return last;
  };
  void lookNext();
  const timer = every(times.reconcileMs, lookNext);
  return {
    look: lookNext,
    async [Symbol.asyncDispose]() {
      await timer[Symbol.asyncDispose]();
      await last;
    },
  };
}

/** Removes what has arrived on a host and belongs to no move. */
export async function removeStrayArrivals(moves: MoveStore, host: Host): Promise<void> {
  const { drivers } = await host.info();
  for (const { name, can } of drivers) {
    const arrivals = can.moves ? host.driver(name).arrivals : undefined;
    const arrived = (await arrivals?.list()) ?? [];
    if (arrived.length === 0) continue;
    const expected = new Set((await moves.list()).filter(isUnfinished).map(({ capsuleId }) => capsuleId));
    for (const id of arrived) if (!expected.has(id)) await arrivals?.abandon(id);
  }
}
