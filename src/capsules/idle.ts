/** Pauses capsules in which nothing has happened for as long as each of them allows: one query every two seconds, and no timer for any of them. */
import type { WithName } from "../platform/name-lock.ts";
import { every } from "../platform/timers.ts";
import type { Activity } from "./activity.ts";
import { type Announce, systemActor } from "./announce.ts";
import type { Capsule } from "./capsule.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { CapsuleParts, CapsuleTimes } from "./parts.ts";
import type { CapsuleStore } from "./store.ts";

export interface IdleParts extends Pick<CapsuleParts, "hosts" | "clock" | "log"> {
  readonly store: CapsuleStore;
  readonly activity: Activity;
  readonly lifecycle: Lifecycle;
  readonly announce: Announce;
  readonly withCapsule: WithName;
  readonly times: Pick<CapsuleTimes, "idleCheckMs">;
}

/** At one time: freezing waits for processes. */
const mostAtOnce = 8;
const mostAtOneLook = 100;
/** By which the wall clock may differ from the monotonic one between two looks. */
const driftMs = 2_000;

export function pauseIdleCapsules(parts: IdleParts): AsyncDisposable {
  const { store, activity, lifecycle, announce, withCapsule, hosts, clock, log } = parts;
  // Nobody could use them while no yard was there, and nobody knows for how long they were idle once the clock was set.
  let since = clock.now();
  let last = { wall: since, monotonic: clock.monotonic() };

  function noticeJumps(): void {
    const now = { wall: clock.now(), monotonic: clock.monotonic() };
    if (Math.abs(now.wall - last.wall - (now.monotonic - last.monotonic)) > driftMs) since = now.wall;
    last = now;
  }

  async function look(): Promise<void> {
    try {
      noticeJumps();
      await activity.save();
      const now = clock.now();
      const hostIds = hosts.list().flatMap(({ id, connected }) => (connected ? [id] : []));
      const idle = [...(await store.idle(hostIds, { now, since, limit: mostAtOneLook }))];
      const workers = Array.from({ length: mostAtOnce }, async () => {
        for (let next = idle.pop(); next; next = idle.pop()) await pause(next);
      });
      await Promise.all(workers);
    } catch (error) {
      log.warn({ err: error }, "idle capsules could not be looked for; it is tried again");
    }
  }

  /** One that cannot be paused goes on: what is in it is worth more than what it takes. */
  async function pause({ id }: Capsule): Promise<void> {
    try {
      await withCapsule(id, async () => {
        const found = await store.get(id);
        const capsule = found && activity.shown(found);
        if (!capsule || !isIdle(capsule, clock.now())) return;
        announce.capsule("capsule.paused", await lifecycle.freeze(capsule), systemActor);
      });
    } catch (error) {
      activity.touch(id); // not again at once
      log.warn({ err: error, capsule: id }, "an idle capsule could not be paused; it is tried again");
    }
  }

  return every(parts.times.idleCheckMs, look);
}

function isIdle({ status, idleTimeoutSeconds, lastActiveAt = 0 }: Capsule, now: number): boolean {
  return status === "running" && idleTimeoutSeconds > 0 && now - lastActiveAt > idleTimeoutSeconds * 1_000;
}
