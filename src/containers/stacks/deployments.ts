/** The history of stacks: what was deployed when, by whom, and how it went, step by step. */
import { type Selectable, type SqlBool, sql } from "kysely";
import type { Clock } from "../../platform/clock.ts";
import type { Database } from "../../platform/db/database.ts";
import type { StackDeploymentRow } from "../../platform/db/schema.ts";
import { createSharedTime } from "../../platform/db/shared-time.ts";

export interface Deployment {
  readonly id: number;
  readonly stack: string;
  readonly hostId: string;
  readonly state: StackDeploymentRow["state"];
  /** The whole file as it was deployed, with the variables still in it. */
  readonly compose: string;
  /** Nobody without the right to reach the host itself had a hand in it, or somebody with that right has deployed it. */
  readonly isTrusted: boolean;
  readonly services: readonly { readonly service: string; readonly image: string }[];
  readonly note?: string;
  readonly error?: string;
  readonly userId?: string;
  readonly userName?: string;
  readonly startedAt: number;
  readonly endedAt?: number;
}

export type NewDeployment = Pick<
  Deployment,
  "stack" | "hostId" | "compose" | "isTrusted" | "services" | "note" | "userId" | "userName"
>;

export interface DeploymentStep {
  readonly at: number;
  readonly text: string;
}

export interface Deployments {
  /** Whatever of that stack was under way has been cut off: nobody but the holder of its lock begins. @returns its id */
  begin(deployment: NewDeployment): Promise<number>;
  addSteps(id: number, firstPosition: number, steps: readonly DeploymentStep[]): Promise<void>;
  /** @param error why it failed; absent: it has not */
  end(id: number, error?: string): Promise<void>;
  /** Those that have gone well, the newest first. */
  list(stack: string, limit: number): Promise<readonly Deployment[]>;
  /** In any state: one that nobody holds the stack's lock for any more has been cut off. */
  get(stack: string, id: number): Promise<Deployment | undefined>;
  /** The newest one, in any state. */
  newest(stack: string): Promise<Deployment | undefined>;
  /** Hosts that it was deployed to, or was to be. */
  hostsOf(stack: string): Promise<readonly string[]>;
  steps(id: number): Promise<readonly DeploymentStep[]>;
  /** All of a stack. */
  remove(stack: string): Promise<void>;
}

/** Of each stack. */
const mostKept = 200;
const cutOff = "The server ended in the midst of it: deploy again, and the rest follows.";

export function createDeployments(database: Database, clock: Clock): Deployments {
  const db = database.kysely;
  const now = createSharedTime(database.dialect, clock);

  const all = () =>
    db
      .selectFrom("stack_deployments")
      .selectAll()
      .select((one) =>
        one
          .exists(
            one
              .selectFrom("stack_locks")
              .select(sql`1`.as("one"))
              .whereRef("stack_locks.stack", "=", "stack_deployments.stack")
              .where("until", ">=", now()),
          )
          .as("is_held"),
      );

  async function forgetOldest(stack: string): Promise<void> {
    const kept = db.selectFrom("stack_deployments").select("id").where("stack", "=", stack).orderBy("id", "desc");
    await db
      .deleteFrom("stack_deployments")
      .where("stack", "=", stack)
      .where("id", "<=", kept.offset(mostKept).limit(1))
      .execute();
  }

  return {
    async begin({ stack, hostId, compose, isTrusted, services, note = null, userId = null, userName = null }) {
      const now = clock.now();
      return database.transaction(async (transaction) => {
        await transaction
          .updateTable("stack_deployments")
          .set({ state: "failed", error: cutOff, ended_at: now })
          .where("stack", "=", stack)
          .where("state", "=", "running")
          .execute();
        const { id } = await transaction
          .insertInto("stack_deployments")
          .values({
            ...{ stack, host_id: hostId, state: "running", compose, is_trusted: Number(isTrusted), note },
            ...{ services: JSON.stringify(services), user_id: userId, user_name: userName, started_at: now },
          })
          .returning("id")
          .executeTakeFirstOrThrow();
        return id;
      });
    },
    async addSteps(id, firstPosition, steps) {
      if (steps.length === 0) return;
      const rows = steps.map((step, i) => ({ deployment_id: id, position: firstPosition + i, ...step }));
      await db.insertInto("stack_deployment_steps").values(rows).execute();
    },
    async end(id, error) {
      const changes = { state: error === undefined ? "done" : "failed", error, ended_at: clock.now() } as const;
      const { stack } = await db
        .updateTable("stack_deployments")
        .set(changes)
        .where("id", "=", id)
        .returning("stack")
        .executeTakeFirstOrThrow();
      await forgetOldest(stack);
    },
    async list(stack, limit) {
      const done = all().where("stack", "=", stack).where("state", "=", "done");
      const rows = await done.orderBy("id", "desc").limit(limit).execute();
      return rows.map(fromRow);
    },
    async get(stack, id) {
      const row = await all().where("id", "=", id).where("stack", "=", stack).executeTakeFirst();
      return row && fromRow(row);
    },
    async newest(stack) {
      const row = await all().where("stack", "=", stack).orderBy("id", "desc").limit(1).executeTakeFirst();
      return row && fromRow(row);
    },
    async hostsOf(stack) {
      const rows = await db
        .selectFrom("stack_deployments")
        .select("host_id")
        .distinct()
        .where("stack", "=", stack)
        .execute();
      return rows.map(({ host_id }) => host_id);
    },
    async steps(id) {
      return db
        .selectFrom("stack_deployment_steps")
        .select(["at", "text"])
        .where("deployment_id", "=", id)
        .orderBy("position")
        .execute();
    },
    async remove(stack) {
      await db.deleteFrom("stack_deployments").where("stack", "=", stack).execute();
    },
  };
}

type StoredDeployment = Selectable<StackDeploymentRow> & { readonly is_held: SqlBool };

function fromRow(row: StoredDeployment): Deployment {
  const isCutOff = row.state === "running" && !row.is_held;
  const error = isCutOff ? cutOff : row.error;
  return {
    ...{ id: row.id, stack: row.stack, hostId: row.host_id, state: isCutOff ? "failed" : row.state },
    ...{ compose: row.compose, isTrusted: row.is_trusted === 1, startedAt: row.started_at },
    services: JSON.parse(row.services),
    ...(row.note !== null && { note: row.note }),
    ...(error !== null && { error }),
    ...(row.user_id !== null && { userId: row.user_id }),
    ...(row.user_name !== null && { userName: row.user_name }),
    ...(row.ended_at !== null && { endedAt: row.ended_at }),
  };
}
