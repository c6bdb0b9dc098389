/** The table of moves. It holds the intent of each before anything is sent; where the capsule is, the table of capsules says, and both change together. */
import type { Selectable } from "kysely";
import { isUniqueViolation } from "../../platform/db/constraints.ts";
import type { CapsuleMoveRow } from "../../platform/db/schema.ts";
import { asStorageError, YardError } from "../../platform/errors.ts";
import type { SandboxImage } from "../../sandboxes/sandbox.ts";
import type { Capsule } from "../capsule.ts";
import type { CapsuleParts } from "../parts.ts";
import { capsuleOf } from "../store.ts";

/** `sending`: its parts go into the blob store. `sent`: all are there, and go to the other host. `arrived`: that is where the capsule is. `abandoned`: it is where it was.
 *  Of the last two there are only leftovers. */
export type MovePhase = "sending" | "sent" | "arrived" | "abandoned";

export interface CapsuleMove {
  readonly id: string;
  readonly capsuleId: string;
  readonly driver: string;
  readonly fromHostId: string;
  readonly toHostId: string;
  readonly phase: MovePhase;
  readonly owner: string;
  readonly image: SandboxImage;
  readonly begunAt: number;
}

export interface MoveStore {
  /** @throws {YardError} conflict, while there is one of that capsule; storage_full */
  insert(move: CapsuleMove): Promise<void>;
  /** Of a capsule. */
  get(capsuleId: string): Promise<CapsuleMove | undefined>;
  /** The oldest first, a thousand at most. */
  list(): Promise<readonly CapsuleMove[]>;
  /** From here on it is that owner's. @returns undefined, if it is somebody else's or gone */
  claim(move: CapsuleMove, owner: string): Promise<CapsuleMove | undefined>;
  /** @returns undefined, if somebody else has claimed it or given it up */
  markSent(move: CapsuleMove): Promise<CapsuleMove | undefined>;
  /** The capsule is on the other host from here on. @returns undefined, if it is no longer what was sent, or the move was given up; then it is where it was */
  settle(move: CapsuleMove): Promise<Capsule | undefined>;
  /** Whoever has it: a capsule that has not arrived stays where it was. @returns whether there was a move of it, also one that had arrived */
  giveUp(capsuleId: string): Promise<boolean>;
  forget(move: CapsuleMove): Promise<void>;
}

const mostAtOnce = 1_000;
const unfinished = ["sending", "sent"] as const satisfies readonly MovePhase[];

export function createMoveStore({
  database,
  clock,
  changed = () => {},
}: Pick<CapsuleParts, "database" | "clock" | "changed">): MoveStore {
  const db = database.kysely;
  const update = ({ id, owner }: CapsuleMove) =>
    db.updateTable("capsule_moves").where("id", "=", id).where("owner", "=", owner);

  return {
    async insert(move) {
      try {
        await db.insertInto("capsule_moves").values(rowOf(move)).execute();
      } catch (error) {
        if (isUniqueViolation(error)) throw isMoving({ id: move.capsuleId, status: "paused" });
        throw asStorageError(error, "the move cannot be recorded");
      }
    },
    async get(capsuleId) {
      const rows = db.selectFrom("capsule_moves").selectAll().where("capsule_id", "=", capsuleId);
      const row = await rows.executeTakeFirst();
      return row && moveOf(row);
    },
    async list() {
      const rows = db.selectFrom("capsule_moves").selectAll().orderBy("begun_at").limit(mostAtOnce);
      return (await rows.execute()).map(moveOf);
    },

    async claim(move, owner) {
      const row = await update(move).set({ owner }).returningAll().executeTakeFirst();
      return row && moveOf(row);
    },
    async markSent(move) {
      const sent = update(move).where("phase", "=", "sending").set({ phase: "sent" });
      const row = await sent.returningAll().executeTakeFirst();
      return row && moveOf(row);
    },
    async settle({ id, owner, capsuleId, fromHostId, toHostId }) {
      const moved = await database.transaction(async (transaction) => {
        const arrived = await transaction
          .updateTable("capsule_moves")
          .set({ phase: "arrived" })
          .where("id", "=", id)
          .where("owner", "=", owner)
          .where("phase", "=", "sent")
          .returning("id")
          .executeTakeFirst();
        if (!arrived) return undefined;
        const row = await transaction
          .updateTable("capsules")
          .set({ host_id: toHostId, updated_at: clock.now() })
          .where("id", "=", capsuleId)
          .where("host_id", "=", fromHostId)
          .where("status", "in", ["paused", "hibernated"])
          .returningAll()
          .executeTakeFirst();
        if (row) return capsuleOf(row);
        await transaction.updateTable("capsule_moves").set({ phase: "abandoned" }).where("id", "=", id).execute();
        return undefined;
      });
      if (moved) changed(moved, "changed");
      return moved;
    },
    async giveUp(capsuleId) {
      // Nearly always there is none, and also a write that changes nothing is waited for on the disk.
      const known = db.selectFrom("capsule_moves").select("id").where("capsule_id", "=", capsuleId);
      if (!(await known.executeTakeFirst())) return false;
      await db
        .updateTable("capsule_moves")
        .set({ phase: "abandoned" })
        .where("capsule_id", "=", capsuleId)
        .where("phase", "in", unfinished)
        .execute();
      return true;
    },
    async forget({ id }) {
      await db.deleteFrom("capsule_moves").where("id", "=", id).execute();
    },
  };
}

export const isUnfinished = ({ phase }: CapsuleMove): boolean => unfinished.some((one) => one === phase);

/** `details.status` says in which the capsule is. */
export function isMoving({ id, status }: Pick<Capsule, "id" | "status">): YardError {
  const message = `Capsule ${id} is being moved to another host. Try again when it is there.`;
  return new YardError("conflict", message, { details: { status } });
}

function rowOf(move: CapsuleMove): CapsuleMoveRow {
  return {
    capsule_id: move.capsuleId,
    id: move.id,
    driver: move.driver,
    from_host_id: move.fromHostId,
    to_host_id: move.toHostId,
    phase: move.phase,
    owner: move.owner,
    image: JSON.stringify(move.image),
    begun_at: move.begunAt,
  };
}

/** The JSON is our own: it was checked when its host sent it. */
function moveOf(row: Selectable<CapsuleMoveRow>): CapsuleMove {
  return {
    id: row.id,
    capsuleId: row.capsule_id,
    driver: row.driver,
    fromHostId: row.from_host_id,
    toHostId: row.to_host_id,
    phase: row.phase,
    owner: row.owner,
    image: JSON.parse(row.image) as SandboxImage,
    begunAt: row.begun_at,
  };
}
