/** The table of channels, and of what each is told. */
import type { Kysely, Selectable } from "kysely";
import { isUniqueViolation } from "../platform/db/constraints.ts";
import type { Database } from "../platform/db/database.ts";
import type { ChannelRow, Schema } from "../platform/db/schema.ts";
import { asStorageError, YardError } from "../platform/errors.ts";
import type { AnyProvider, Channel, ChannelEvent, ChannelProvider } from "./channel.ts";

export interface ChannelStore {
  /** @param limit of the team's channels @throws {YardError} conflict (`name`), too_many */
  insert(channel: Channel, config: string, limit: number): Promise<void>;
  /** Newest first. */
  ofTeam(teamId: string): Promise<readonly Channel[]>;
  find(teamId: string, id: string): Promise<Channel | undefined>;
  /** @returns whether there is such a channel @throws {YardError} conflict (`name`) */
  update(channel: Pick<Channel, "id" | "teamId" | "name" | "events" | "updatedAt">): Promise<boolean>;
  configure(channel: Pick<Channel, "id" | "teamId" | "updatedAt">, config: string): Promise<boolean>;
  /** What is needed to send something there. */
  addressee(id: string): Promise<Addressee | undefined>;
  remove(teamId: string, id: string): Promise<boolean>;
  removeTeam(teamId: string): Promise<void>;
}

export interface Addressee {
  readonly teamId: string;
  readonly provider: AnyProvider;
  /** Sealed. */
  readonly config: string;
}

export function createChannelStore({ database }: { readonly database: Database }): ChannelStore {
  const db = database.kysely;

  async function change<T>(work: (trx: Kysely<Schema>) => Promise<T>, name?: string, exclusive?: string): Promise<T> {
    try {
      return await database.transaction(work, { exclusive });
    } catch (error) {
      if (isUniqueViolation(error))
        throw new YardError("conflict", `The team has a channel ${name} already.`, { field: "name", cause: error });
      throw asStorageError(error, "the channel cannot be saved");
    }
  }

  return {
    async insert(channel, config, limit) {
      const { id, teamId, name } = channel;
      const insert = async (trx: Kysely<Schema>) => {
        await requireRoom(trx, teamId, limit);
        await trx.insertInto("channels").values(rowOf(channel, config)).execute();
        await replaceEvents(trx, id, channel.events);
      };
      // One at a time for each team, or two would each take the last place.
      await change(insert, name, `channels of ${teamId}`);
    },

    async ofTeam(teamId) {
      const rows = await db
        .selectFrom("channels")
        .selectAll()
        .where("team_id", "=", teamId)
        .orderBy("id", "desc")
        .execute();
      return withEvents(db, rows);
    },

    async find(teamId, id) {
      const rows = await db
        .selectFrom("channels")
        .selectAll()
        .where("id", "=", id)
        .where("team_id", "=", teamId)
        .execute();
      return (await withEvents(db, rows))[0];
    },

    update: ({ id, teamId, name, events, updatedAt }) =>
      change(async (trx) => {
        const { numUpdatedRows } = await trx
          .updateTable("channels")
          .set({ name, updated_at: updatedAt })
          .where("id", "=", id)
          .where("team_id", "=", teamId)
          .executeTakeFirst();
        if (numUpdatedRows > 0n) await replaceEvents(trx, id, events);
        return numUpdatedRows > 0n;
      }, name),

    configure: ({ id, teamId, updatedAt }, config) =>
      change(async (trx) => {
        const { numUpdatedRows } = await trx
          .updateTable("channels")
          .set({ config, updated_at: updatedAt })
          .where("id", "=", id)
          .where("team_id", "=", teamId)
          .executeTakeFirst();
        return numUpdatedRows > 0n;
      }),

    async addressee(id) {
      const row = await db
        .selectFrom("channels")
        .select(["team_id", "provider", "config"])
        .where("id", "=", id)
        .executeTakeFirst();
      return row && { teamId: row.team_id, provider: row.provider as AnyProvider, config: row.config };
    },

    async remove(teamId, id) {
      const removed = await db
        .deleteFrom("channels")
        .where("id", "=", id)
        .where("team_id", "=", teamId)
        .executeTakeFirst();
      return removed.numDeletedRows > 0n;
    },

    async removeTeam(teamId) {
      await db.deleteFrom("channels").where("team_id", "=", teamId).execute();
    },
  };
}

async function requireRoom(trx: Kysely<Schema>, teamId: string, limit: number): Promise<void> {
  const { channels } = await trx
    .selectFrom("channels")
    .select((count) => count.fn.countAll<number>().as("channels"))
    .where("team_id", "=", teamId)
    .executeTakeFirstOrThrow();
  if (channels >= limit)
    throw new YardError("too_many", `The team has ${channels} channels, and may have no more. Remove one first.`);
}

async function replaceEvents(trx: Kysely<Schema>, id: string, events: readonly ChannelEvent[]): Promise<void> {
  await trx.deleteFrom("channel_events").where("channel_id", "=", id).execute();
  await trx
    .insertInto("channel_events")
    .values(events.map((event) => ({ channel_id: id, event })))
    .execute();
}

async function withEvents(db: Kysely<Schema>, rows: readonly Selectable<ChannelRow>[]): Promise<readonly Channel[]> {
  if (rows.length === 0) return [];
  const ids = rows.map(({ id }) => id);
  const told = await db
    .selectFrom("channel_events")
    .selectAll()
    .where("channel_id", "in", ids)
    .orderBy("event")
    .execute();
  const eventsOf = Map.groupBy(told, ({ channel_id: id }) => id);
  return rows.map((row) =>
    channelOf(
      row,
      (eventsOf.get(row.id) ?? []).map(({ event }) => event as ChannelEvent),
    ),
  );
}

function rowOf({ id, teamId, name, provider, createdAt, updatedAt }: Channel, config: string): Selectable<ChannelRow> {
  return {
    ...{ id, team_id: teamId, name, provider, config },
    ...{ created_at: createdAt, updated_at: updatedAt },
    ...{ delivered_at: null, last_error: null, last_error_at: null },
  };
}

function channelOf(row: Selectable<ChannelRow>, events: readonly ChannelEvent[]): Channel {
  const { delivered_at: deliveredAt, last_error: message, last_error_at: at } = row;
  return {
    ...{ id: row.id, teamId: row.team_id, name: row.name, provider: row.provider as ChannelProvider, events },
    ...{ createdAt: row.created_at, updatedAt: row.updated_at },
    ...(deliveredAt !== null && { deliveredAt }),
    ...(message !== null && at !== null && { lastError: { message, at } }),
  };
}
