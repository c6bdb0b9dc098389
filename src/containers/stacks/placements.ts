/** Where stacks run, as far as the yard has brought them there. */
import type { Clock } from "../../platform/clock.ts";
import type { Database } from "../../platform/db/database.ts";
import type { StackRow } from "../../platform/db/schema.ts";

export interface Placement {
  readonly stack: string;
  readonly hostId: string;
  readonly status: StackRow["status"];
  /** The overlay it was deployed with. */
  readonly environment?: string;
  readonly deployedAt: number;
  readonly updatedAt: number;
}

export interface Placements {
  get(stack: string): Promise<Placement | undefined>;
  /** All, by name. */
  list(): Promise<readonly Placement[]>;
  /** It has just been deployed there. */
  put(stack: string, at: { readonly hostId: string; readonly environment?: string }): Promise<void>;
  /** It is bound to what runs there already, or has been stopped; without a placement nothing happens. */
  setStatus(stack: string, status: StackRow["status"]): Promise<void>;
  remove(stack: string): Promise<void>;
}

export function createPlacements({ kysely: db }: Database, clock: Clock): Placements {
  return {
    async get(stack) {
      const row = await db.selectFrom("stacks").selectAll().where("name", "=", stack).executeTakeFirst();
      return row && fromRow(row);
    },
    async list() {
      const rows = await db.selectFrom("stacks").selectAll().orderBy("name").execute();
      return rows.map(fromRow);
    },
    async put(stack, { hostId, environment = null }) {
      const now = clock.now();
      const changes = { host_id: hostId, status: "deployed", environment, deployed_at: now, updated_at: now } as const;
      await db
        .insertInto("stacks")
        .values({ name: stack, ...changes })
        .onConflict((conflict) => conflict.column("name").doUpdateSet(changes))
        .execute();
    },
    async setStatus(stack, status) {
      await db.updateTable("stacks").set({ status, updated_at: clock.now() }).where("name", "=", stack).execute();
    },
    async remove(stack) {
      await db.deleteFrom("stacks").where("name", "=", stack).execute();
    },
  };
}

function fromRow({ name, host_id, status, environment, deployed_at, updated_at }: StackRow): Placement {
  return {
    ...{ stack: name, hostId: host_id, status, deployedAt: deployed_at, updatedAt: updated_at },
    ...(environment !== null && { environment }),
  };
}
