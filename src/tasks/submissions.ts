/** Submits that carry a key are done once: whoever repeats one within a day, not knowing whether it went through, gets the first answer. */
import { createHash } from "node:crypto";
import type { Kysely } from "kysely";
import type { Schema } from "../platform/db/schema.ts";
import { YardError } from "../platform/errors.ts";
import type { NewTask } from "./task.ts";

export interface Submission {
  readonly userId: string;
  readonly key: string;
  /** Of the task, see `digestOf`. */
  readonly digest: string;
  readonly taskUuid: string;
}

const keepMs = 24 * 3_600_000;
const longestKey = 255;
/** Of one user. Beyond it the oldest are forgotten before their day is over. */
const mostPerUser = 100_000;

/** @throws {YardError} invalid */
export function checkKey(key: string): void {
  if (key !== "" && key.length <= longestKey && !key.includes("\0")) return;
  throw new YardError("invalid", `An idempotency key has 1 to ${longestKey} characters.`, { field: "idempotencyKey" });
}

export function digestOf(task: NewTask): string {
  return createHash("sha256").update(JSON.stringify(task)).digest("hex");
}

/** Takes the key for the task, unless an earlier submit has it. @returns the uuid of the task that has it: this one, or the earlier one
 *  @throws {YardError} conflict: the earlier one was of another task */
export async function takeKey(
  trx: Kysely<Schema>,
  { userId, key, digest, taskUuid }: Submission,
  now: number,
): Promise<string> {
  const ofKey = trx.deleteFrom("task_submissions").where("user_id", "=", userId).where("key", "=", key);
  await ofKey.where("created_at", "<", now - keepMs).execute();
  const taken = await trx
    .insertInto("task_submissions")
    .values({ user_id: userId, key, digest, task_uuid: taskUuid, created_at: now })
    .onConflict((conflict) => conflict.columns(["user_id", "key"]).doNothing())
    .returning("key")
    .executeTakeFirst();
  if (taken) return taskUuid;
  const earlier = await trx
    .selectFrom("task_submissions")
    .select(["digest", "task_uuid"])
    .where("user_id", "=", userId)
    .where("key", "=", key)
    .executeTakeFirstOrThrow();
  if (earlier.digest === digest) return earlier.task_uuid;
  throw new YardError("conflict", "This idempotency key was used for another task. Use a new key for each task.", {
    field: "idempotencyKey",
  });
}

export async function forgetOldKeys(db: Kysely<Schema>, now: number): Promise<void> {
  await db
    .deleteFrom("task_submissions")
    .where("created_at", "<", now - keepMs)
    .execute();
  const tooMany = await db
    .selectFrom("task_submissions")
    .select("user_id")
    .groupBy("user_id")
    .having((select) => select.fn.countAll(), ">", mostPerUser)
    .execute();
  for (const { user_id: userId } of tooMany) {
    const ofUser = db.selectFrom("task_submissions").select("key").where("user_id", "=", userId);
    const beyond = ofUser.orderBy("created_at", "desc").offset(mostPerUser).limit(mostPerUser);
    await db.deleteFrom("task_submissions").where("user_id", "=", userId).where("key", "in", beyond).execute();
  }
}
