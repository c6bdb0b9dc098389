/** Wrong tries lock an account for a while. The count lives in the database, so it holds on every login path, on every replica and over
 *  restarts; names that no user has are counted alike, so the lock does not tell who exists. */
import { sql } from "kysely";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/db/database.ts";
import { YardError } from "../platform/errors.ts";

export interface LockoutRules {
  /** Wrong tries until the lock; 0: there is none. */
  readonly tries: number;
  /** How long the lock holds, and how long a wrong try is remembered; 0: there is no lock. */
  readonly lockMs: number;
}

export const defaultLockout: LockoutRules = { tries: 5, lockMs: 15 * 60_000 };

export interface Lockout {
  /** @returns the wrong tries so far @throws {YardError} locked, with `retryAfterMs`: also for a right password */
  refuseIfLocked(account: string): Promise<number>;
  countFailure(account: string): Promise<void>;
  forget(account: string): Promise<void>;
  /** @returns how many rows went */
  purge(limit: number): Promise<number>;
}

export interface LockoutParts {
  readonly database: Database;
  readonly clock: Clock;
  /** As they are at the moment: asked for at each try. */
  rules(): Promise<LockoutRules>;
}

export function createLockout({ database, clock, rules: currentRules }: LockoutParts): Lockout {
  const db = database.kysely;
  const subjectOf = (account: string) => `user:${account}`;

  return {
    async refuseIfLocked(account) {
      const row = await db
        .selectFrom("login_failures")
        .selectAll()
        .where("subject", "=", subjectOf(account))
        .executeTakeFirst();
      const now = clock.now();
      if (row?.locked_until && row.locked_until > now && isOn(await currentRules()))
        throw lockedFor(row.locked_until - now);
      return row?.failures ?? 0;
    },

    /** One statement, so that tries that fail at the same moment are all counted. */
    async countFailure(account) {
      const rules = await currentRules();
      if (!isOn(rules)) return;
      const now = clock.now();
      const isForgotten = sql<boolean>`login_failures.first_failed_at <= ${now - rules.lockMs} or login_failures.locked_until <= ${now}`;
      const failures = sql<number>`case when ${isForgotten} then 1 else login_failures.failures + 1 end`;
      await db
        .insertInto("login_failures")
        .values({
          subject: subjectOf(account),
          failures: 1,
          first_failed_at: now,
          locked_until: rules.tries <= 1 ? now + rules.lockMs : null,
        })
        .onConflict((conflict) =>
          conflict.column("subject").doUpdateSet({
            failures,
            first_failed_at: sql<number>`case when ${isForgotten} then cast(${now} as bigint) else login_failures.first_failed_at end`,
            locked_until: sql<
              number | null
            >`case when (${failures}) >= ${rules.tries} then cast(${now + rules.lockMs} as bigint) else null end`,
          }),
        )
        .execute();
    },

    async forget(account) {
      await db.deleteFrom("login_failures").where("subject", "=", subjectOf(account)).execute();
    },

    async purge(limit) {
      const now = clock.now();
      const rules = await currentRules();
      const expired = db
        .selectFrom("login_failures")
        .select("subject")
        .where("first_failed_at", "<=", now - rules.lockMs)
        .where((is) => is.or([is("locked_until", "is", null), is("locked_until", "<=", now)]))
        .limit(limit);
      const { numDeletedRows } = await db
        .deleteFrom("login_failures")
        .where("subject", "in", expired)
        .executeTakeFirstOrThrow();
      return Number(numDeletedRows);
    },
  };
}

function isOn({ tries, lockMs }: LockoutRules): boolean {
  return tries > 0 && lockMs > 0;
}

function lockedFor(retryAfterMs: number): YardError {
  const seconds = Math.ceil(retryAfterMs / 1_000);
  const [amount, unit] = seconds < 60 ? [seconds, "second"] : [Math.ceil(seconds / 60), "minute"];
  const message = `Too many wrong tries: this login is locked for ${amount} more ${unit}${amount === 1 ? "" : "s"}. Wait, or ask an administrator to unlock it.`;
  return new YardError("locked", message, { retryAfterMs });
}
