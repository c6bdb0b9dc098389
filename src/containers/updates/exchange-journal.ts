/** What is to become of containers that are put in other ones' places: written down before anything is done, and gone once it is. A yard that dies in between
 *  leaves its row, and so whoever comes next knows what to clear up. */
import type { Database } from "../../platform/db/database.ts";
import { newId } from "../../platform/ids.ts";
import type { ContainerPlace, ContainerUpdate } from "./update-history.ts";

export interface Exchange extends ContainerPlace {
  readonly id: string;
  /** The yard that does it. */
  readonly holder: string;
  readonly oldContainerId: string;
  /** Null until it is made. */
  readonly newContainerId: string | null;
  readonly wasRunning: boolean;
  readonly updateId: number;
  /** Of that update; otherwise the update itself. */
  readonly isRollback: boolean;
  /** The name that keeps the image from before the update. */
  readonly keptAs: string;
}

export type NewExchange = Pick<Exchange, "holder" | "hostId" | "containerName" | "oldContainerId" | "wasRunning">;

export interface ExchangeJournal {
  beginUpdate(
    exchange: NewExchange,
    images: Pick<ContainerUpdate, "image" | "oldImageId" | "newImageId" | "keptAs">,
    at: number,
  ): Promise<Exchange>;
  beginRollback(exchange: NewExchange, update: ContainerUpdate, at: number): Promise<Exchange>;
  noteNew(exchange: Exchange, newContainerId: string): Promise<Exchange>;
  /** The new container has its place: the update is history, or rolled back. */
  complete(exchange: Exchange, at: number): Promise<void>;
  /** The old container has its place again: as if nothing had been wanted. */
  abandon(exchange: Exchange): Promise<void>;
  /** Oldest first. */
  list(): Promise<readonly Exchange[]>;
}

export function createExchangeJournal({ database }: { readonly database: Database }): ExchangeJournal {
  const db = database.kysely;
  type Transaction = typeof db;

  async function begin(
    transaction: Transaction,
    exchange: NewExchange,
    of: Pick<Exchange, "updateId" | "isRollback" | "keptAs">,
    at: number,
  ): Promise<Exchange> {
    const id = newId("exchange");
    await transaction
      .insertInto("container_exchanges")
      .values({
        ...{ id, holder: exchange.holder, host_id: exchange.hostId, container_name: exchange.containerName },
        ...{ old_container_id: exchange.oldContainerId, new_container_id: null },
        ...{ was_running: Number(exchange.wasRunning), update_id: of.updateId, is_rollback: Number(of.isRollback) },
        begun_at: at,
      })
      .execute();
    return { ...exchange, ...of, id, newContainerId: null };
  }

  return {
    beginUpdate: (exchange, images, at) =>
      database.transaction(async (transaction) => {
        const { id: updateId } = await transaction
          .insertInto("container_updates")
          .values({
            ...{ host_id: exchange.hostId, container_name: exchange.containerName, image: images.image },
            ...{ old_image_id: images.oldImageId, new_image_id: images.newImageId, kept_as: images.keptAs },
            updated_at: at,
          })
          .returning("id")
          .executeTakeFirstOrThrow();
        return begin(transaction, exchange, { updateId, isRollback: false, keptAs: images.keptAs }, at);
      }),
    beginRollback: (exchange, { id: updateId, keptAs }, at) =>
      begin(db, exchange, { updateId, isRollback: true, keptAs }, at),
    async noteNew(exchange, newContainerId) {
      await db
        .updateTable("container_exchanges")
        .set({ new_container_id: newContainerId })
        .where("id", "=", exchange.id)
        .execute();
      return { ...exchange, newContainerId };
    },
    complete: ({ id, isRollback, updateId }, at) =>
      database.transaction(async (transaction) => {
        await transaction.deleteFrom("container_exchanges").where("id", "=", id).execute();
        const ofUpdate = transaction.updateTable("container_updates").where("id", "=", updateId);
        await (isRollback ? ofUpdate.set({ rolled_back_at: at }) : ofUpdate.set({ updated_at: at })).execute();
      }),
    abandon: ({ id, isRollback, updateId }) =>
      database.transaction(async (transaction) => {
        await transaction.deleteFrom("container_exchanges").where("id", "=", id).execute();
        if (!isRollback) await transaction.deleteFrom("container_updates").where("id", "=", updateId).execute();
      }),
    async list() {
      const rows = await db
        .selectFrom("container_exchanges as exchange")
        .innerJoin("container_updates as update", "update.id", "exchange.update_id")
        .select(["exchange.id", "exchange.holder", "exchange.host_id as hostId"])
        .select(["exchange.container_name as containerName", "exchange.old_container_id as oldContainerId"])
        .select(["exchange.new_container_id as newContainerId", "exchange.was_running as wasRunning"])
        .select(["exchange.update_id as updateId", "exchange.is_rollback as isRollback", "update.kept_as as keptAs"])
        .orderBy("exchange.id")
        .execute();
      return rows.map((row) => ({ ...row, wasRunning: row.wasRunning === 1, isRollback: row.isRollback === 1 }));
    },
  };
}
