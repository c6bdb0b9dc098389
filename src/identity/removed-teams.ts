/** Teams that are no more leave things in other parts of the yard. A team is noted in the transaction that removes it, and struck off when all of
 *  it is gone: so nothing is left behind by a crash, and nothing is cleared that was not removed. */
import type { Kysely } from "kysely";
import type { Bus } from "../platform/bus/bus.ts";
import type { Topics } from "../platform/bus/topics.ts";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/db/database.ts";
import type { Schema } from "../platform/db/schema.ts";
import type { Log } from "../platform/log.ts";
import { every } from "../platform/timers.ts";

/** Inside the transaction that removes the team. */
export async function noteRemovedTeam(trx: Kysely<Schema>, teamId: string, now: number): Promise<void> {
  await trx.insertInto("removed_teams").values({ team_id: teamId, removed_at: now }).execute();
}

export interface ClearingParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly bus: Bus<Topics>;
  readonly log: Log;
  /** Removes all that is left of a team. It is called several times for each, and again after one that has failed. */
  clear(teamId: string): Promise<void>;
}

const clearEveryMs = 10 * 60_000;
/** For this long a team is cleared again and again: a request that was let in just before may still have been leaving something. */
const settleMs = 60 * 60_000;
const mostAtOnce = 1_000;

/** Clears teams as soon as they are removed, and those that the last process has left. */
export function clearRemovedTeams({ database, clock, bus, log, clear }: ClearingParts): AsyncDisposable {
  const db = database.kysely;
  let running = Promise.resolve();
  let isWaiting = false;
  let isClosing = false;

  async function clearAll(): Promise<void> {
    isWaiting = false;
    const teams = await db.selectFrom("removed_teams").selectAll().orderBy("removed_at").limit(mostAtOnce).execute();
    for (const { team_id: teamId, removed_at: removedAt } of teams) {
      if (isClosing) return;
      const isSettled = removedAt + settleMs < clock.now();
      await clear(teamId);
      if (isSettled) await db.deleteFrom("removed_teams").where("team_id", "=", teamId).execute();
    }
  }

  /** One after the other; one that waits serves all who ask. */
  function run(): Promise<void> {
    if (isWaiting || isClosing) return running;
    isWaiting = true;
    running = running.then(clearAll).catch((error: unknown) => {
      log.error({ err: error }, "what a removed team has left could not be cleared; it is tried again later");
    });
    return running;
  }

  const subscriptions = new DisposableStack();
  subscriptions.use(bus.subscribe("user.changed", () => void run()));
  subscriptions.use(bus.onResync(() => void run()));
  const timer = every(clearEveryMs, run);
  void run();
  return {
    async [Symbol.asyncDispose]() {
      isClosing = true;
      subscriptions.dispose();
      await timer[Symbol.asyncDispose]();
      await running;
    },
  };
}
