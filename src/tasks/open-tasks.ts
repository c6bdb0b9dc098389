/** How many tasks a team may have that are not over. They are counted now and then, not at each submit: so a team may come to have a few more. */
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/db/database.ts";
import { YardError } from "../platform/errors.ts";
import type { TeamRef } from "./task.ts";

export interface OpenTasks {
  /** @throws {YardError} too_many */
  admit(team: TeamRef, count: number): Promise<void>;
}

interface Estimate {
  open: number;
  countedAt: number;
}

/** A team that is full is counted again no sooner: a million entries take 50 ms. */
const recountMs = 5_000;
const mostTeams = 10_000;

export function createOpenTasks(parts: { database: Database; clock: Clock; limit: number }): OpenTasks {
  const { clock, limit } = parts;
  const db = parts.database.kysely;
  /** As counted, and all that was submitted here since. */
  const estimates = new Map<string, Estimate>();

  async function count(teamId: string): Promise<Estimate> {
    const bounded = db.selectFrom("tasks").select("id").where("team_id", "=", teamId).limit(limit);
    const { open } = await db
      .selectFrom(bounded.as("open"))
      .select((select) => select.fn.countAll<number>().as("open"))
      .executeTakeFirstOrThrow();
    const estimate = { open, countedAt: clock.monotonic() };
    if (estimates.size >= mostTeams) estimates.delete(estimates.keys().next().value ?? "");
    estimates.set(teamId, estimate);
    return estimate;
  }

  return {
    async admit(team, added) {
      let estimate = estimates.get(team.id) ?? (await count(team.id));
      if (estimate.open + added > limit && clock.monotonic() - estimate.countedAt > recountMs)
        estimate = await count(team.id);
      if (estimate.open + added > limit) {
        const message = `${team.name} has ${estimate.open} tasks that are not over; ${limit} are allowed. Try again when some are.`;
        throw new YardError("too_many", message, { field: "team", retryAfterMs: recountMs });
      }
      estimate.open += added;
    },
  };
}
