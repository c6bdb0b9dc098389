/** Labels: names for snapshots that move, and the log of every move. Each move compares and writes in one transaction, so of any number of
 *  pushes that expect the same head exactly one succeeds. Whether a label's snapshot exists is looked at by whoever reads it. */
import type { Kysely } from "kysely";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/db/database.ts";
import type { Schema } from "../platform/db/schema.ts";
import { YardError } from "../platform/errors.ts";
import { isObjectId, type ObjectId } from "./object.ts";
import { exclusive } from "./packs.ts";

export interface Label {
  readonly name: string;
  readonly id: ObjectId;
}

export interface LabelMove {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Null: the label was made. */
  readonly from: ObjectId | null;
  readonly to: ObjectId;
  /** `reset` is also a label that was set anew or pushed by force. */
  readonly operation: "create" | "push" | "reset";
  readonly message: string | null;
}

export interface Push {
  readonly id: string;
  /** The head that the label must have. Without it there must be no label yet. */
  readonly expected?: string;
  /** Whatever the head is. `expected` is not looked at. */
  readonly force?: boolean;
  readonly message?: string;
}

export type Pushed =
  | { readonly status: "advanced"; readonly id: ObjectId }
  | { readonly status: "rejected"; readonly current: ObjectId | null };

/** @throws {YardError} invalid, for what cannot be an id, a name or a message */
export interface Labels {
  get(teamId: string, name: string): Promise<ObjectId | undefined>;
  /** In the order of names. */
  list(teamId: string, page?: { readonly after?: string; readonly limit?: number }): Promise<readonly Label[]>;
  /** Makes the label, or points it elsewhere. @throws {YardError} too_many */
  set(teamId: string, name: string, target: { readonly id: string; readonly message?: string }): Promise<void>;
  /** The newest moves, at most `limit`, the oldest of them first. None for an unknown label. */
  log(teamId: string, name: string, options?: { readonly limit?: number }): Promise<readonly LabelMove[]>;
  push(teamId: string, name: string, push: Push): Promise<Pushed>;
  /** Back, or forward, to where the label has been. @throws {YardError} precondition, where it has not, unless `allowUnlogged` */
  reset(
    teamId: string,
    name: string,
    target: { readonly id: string; readonly allowUnlogged?: boolean; readonly message?: string },
  ): Promise<void>;
}

const mostLabels = 10_000;
/** Of a label; older ones are dropped. */
export const mostMoves = 1_000;
const mostNameBytes = 1_024;
export const mostMessageBytes = 4_096;

export function createLabels({ database, clock }: { database: Database; clock: Clock }): Labels {
  const db = database.kysely;

  async function move(
    trx: Kysely<Schema>,
    label: { teamId: string; name: string; head: ObjectId | null },
    { to, operation, message }: { to: ObjectId; operation: LabelMove["operation"]; message: string | undefined },
  ): Promise<void> {
    const { teamId, name, head } = label;
    const at = clock.now();
    if (head === null) await requireRoomForOne(trx, teamId);
    await trx
      .insertInto("snapshot_labels")
      .values({ team_id: teamId, name, head: to, updated_at: at })
      .onConflict((conflict) => conflict.columns(["team_id", "name"]).doUpdateSet({ head: to, updated_at: at }))
      .execute();
    await trx
      .insertInto("snapshot_moves")
      .values({ team_id: teamId, label: name, at, from_id: head, to_id: to, operation, message: message ?? null })
      .execute();
    await dropOldMoves(trx, teamId, name);
  }

  return {
    async get(teamId, name) {
      return (await headOf(db, teamId, name)) ?? undefined;
    },

    async list(teamId, { after, limit = mostLabels } = {}) {
      const labels = db.selectFrom("snapshot_labels").select(["name", "head as id"]).where("team_id", "=", teamId);
      const page = after === undefined ? labels : labels.where("name", ">", after);
      return await page
        .orderBy("name")
        .limit(Math.max(0, Math.min(limit, mostLabels)))
        .execute();
    },

    async set(teamId, name, { id, message }) {
      const to = requireInput(name, id, message);
      await database.transaction(async (trx) => {
        const head = await headOf(trx, teamId, name);
        const operation = head === null ? "create" : "reset";
        await move(trx, { teamId, name, head }, { to, operation, message });
      }, exclusive);
    },

    async log(teamId, name, { limit = mostMoves } = {}) {
      const moves = await db
        .selectFrom("snapshot_moves")
        .select(["at", "from_id as from", "to_id as to", "operation", "message"])
        .where("team_id", "=", teamId)
        .where("label", "=", name)
        .orderBy("seq", "desc")
        .limit(Math.max(0, Math.min(limit, mostMoves)))
        .execute();
      return moves.reverse();
    },

    async push(teamId, name, { id, expected, force = false, message }) {
      const to = requireInput(name, id, message);
      const wanted = force || expected === undefined ? null : requireId(expected, "expected");
      return await database.transaction<Pushed>(async (trx) => {
        const head = await headOf(trx, teamId, name);
        if (!force && head !== wanted) return { status: "rejected", current: head };
        const operation = force ? "reset" : head === null ? "create" : "push";
        await move(trx, { teamId, name, head }, { to, operation, message });
        return { status: "advanced", id: to };
      }, exclusive);
    },

    async reset(teamId, name, { id, allowUnlogged = false, message }) {
      const to = requireInput(name, id, message);
      await database.transaction(async (trx) => {
        const head = await headOf(trx, teamId, name);
        if (!allowUnlogged && !(await hasBeenAt(trx, teamId, name, to)))
          throw new YardError("precondition", `The label ${JSON.stringify(name)} has never been at ${to}.`, {
            field: "id",
          });
        await move(trx, { teamId, name, head }, { to, operation: "reset", message });
      }, exclusive);
    },
  };
}

async function headOf(db: Kysely<Schema>, teamId: string, name: string): Promise<ObjectId | null> {
  if (name.includes("\0")) return null; // PostgreSQL would refuse the query
  const row = await db
    .selectFrom("snapshot_labels")
    .select("head")
    .where("team_id", "=", teamId)
    .where("name", "=", name)
    .executeTakeFirst();
  return row?.head ?? null;
}

async function hasBeenAt(trx: Kysely<Schema>, teamId: string, name: string, id: ObjectId): Promise<boolean> {
  const row = await trx
    .selectFrom("snapshot_moves")
    .select("seq")
    .where("team_id", "=", teamId)
    .where("label", "=", name)
    .where((where) => where.or([where("from_id", "=", id), where("to_id", "=", id)]))
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

async function requireRoomForOne(trx: Kysely<Schema>, teamId: string): Promise<void> {
  const { count } = await trx
    .selectFrom("snapshot_labels")
    .select((select) => select.fn.countAll<number>().as("count"))
    .where("team_id", "=", teamId)
    .executeTakeFirstOrThrow();
  if (count >= mostLabels) throw new YardError("too_many", `A team has at most ${mostLabels} labels.`);
}

async function dropOldMoves(trx: Kysely<Schema>, teamId: string, name: string): Promise<void> {
  const moves = trx.selectFrom("snapshot_moves").where("team_id", "=", teamId).where("label", "=", name);
  const oldest = await moves.select("seq").orderBy("seq", "desc").offset(mostMoves).limit(1).executeTakeFirst();
  if (oldest === undefined) return;
  await trx
    .deleteFrom("snapshot_moves")
    .where("team_id", "=", teamId)
    .where("label", "=", name)
    .where("seq", "<=", oldest.seq)
    .execute();
}

/** @returns the id in lower case */
function requireInput(name: string, id: string, message: string | undefined): ObjectId {
  if (Buffer.byteLength(name) > mostNameBytes || !isStorable(name)) {
    const fault = `has at most ${mostNameBytes} bytes, and no NUL`;
    throw new YardError("invalid", `The name of a label ${fault}.`, { field: "label" });
  }
  if (message !== undefined && (Buffer.byteLength(message) > mostMessageBytes || !isStorable(message))) {
    const fault = `has at most ${mostMessageBytes} bytes, and no NUL`;
    throw new YardError("invalid", `The message of a label's move ${fault}.`, { field: "message" });
  }
  return requireId(id, "id");
}

function requireId(text: string, field: string): ObjectId {
  if (isObjectId(text)) return text.toLowerCase();
  throw new YardError("invalid", "The id of a snapshot has 64 hexadecimal digits.", { field });
}

/** By both databases. */
function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes("\0");
}
