/** The tables of the fleet's channels. */
import type { Kysely } from "kysely";
import type { Schema } from "../platform/db/schema.ts";
import type { FleetProvider } from "./channel.ts";
import { type FleetChannel, fleetTeam } from "./fleet-channel.ts";

export type KeptFleetChannel = Omit<FleetChannel, "config" | "secrets"> & {
  readonly channelId: string;
  readonly sealedConfig: string;
};

type NewRow = Pick<
  KeptFleetChannel,
  "channelId" | "name" | "type" | "sealedConfig" | "isEnabled" | "createdAt" | "updatedAt"
>;

/** In the order in which they were made. */
export async function listFleetChannels(db: Kysely<Schema>): Promise<readonly KeptFleetChannel[]> {
  return (await selectAll(db).execute()).map(channelOf);
}

export async function findFleetChannel(db: Kysely<Schema>, number: number): Promise<KeptFleetChannel | undefined> {
  const row = await selectAll(db).where("number", "=", number).executeTakeFirst();
  return row && channelOf(row);
}

/** @returns its number */
export async function insertFleetChannel(trx: Kysely<Schema>, channel: NewRow): Promise<number> {
  const { channelId, name, type, sealedConfig, isEnabled, createdAt, updatedAt } = channel;
  await trx
    .insertInto("channels")
    .values({
      ...{ id: channelId, team_id: fleetTeam, name: channelId, provider: type, config: sealedConfig },
      ...{ created_at: createdAt, updated_at: updatedAt },
    })
    .execute();
  const { number } = await trx
    .insertInto("fleet_channels")
    .values({ channel_id: channelId, name, is_enabled: Number(isEnabled) })
    .returning("number")
    .executeTakeFirstOrThrow();
  return number;
}

/** What is on its way to one that is disabled is dropped. */
export async function updateFleetChannel(
  trx: Kysely<Schema>,
  { channelId, number }: KeptFleetChannel,
  { name, type, sealedConfig, isEnabled, updatedAt }: Omit<NewRow, "channelId" | "createdAt">,
): Promise<void> {
  await trx
    .updateTable("channels")
    .set({ provider: type, config: sealedConfig, updated_at: updatedAt })
    .where("id", "=", channelId)
    .execute();
  await trx
    .updateTable("fleet_channels")
    .set({ name, is_enabled: Number(isEnabled) })
    .where("number", "=", number)
    .execute();
  if (!isEnabled) await trx.deleteFrom("deliveries").where("channel_id", "=", channelId).execute();
}

/** With all that is on its way to it. */
export async function deleteFleetChannel(trx: Kysely<Schema>, { channelId }: KeptFleetChannel): Promise<void> {
  await trx.deleteFrom("channels").where("id", "=", channelId).execute();
}

function selectAll(db: Kysely<Schema>) {
  return db
    .selectFrom("fleet_channels")
    .innerJoin("channels", "channels.id", "fleet_channels.channel_id")
    .select(["number", "channel_id", "fleet_channels.name", "is_enabled", "provider", "config"])
    .select(["created_at", "updated_at", "delivered_at", "last_error", "last_error_at"])
    .orderBy("number");
}

function channelOf(row: Awaited<ReturnType<ReturnType<typeof selectAll>["execute"]>>[number]): KeptFleetChannel {
  const { delivered_at: deliveredAt, last_error: message, last_error_at: at } = row;
  return {
    ...{ number: row.number, channelId: row.channel_id, name: row.name, type: row.provider as FleetProvider },
    ...{ sealedConfig: row.config, isEnabled: row.is_enabled === 1 },
    ...{ createdAt: row.created_at, updatedAt: row.updated_at },
    ...(deliveredAt !== null && { deliveredAt }),
    ...(message !== null && at !== null && { lastError: { message, at } }),
  };
}
