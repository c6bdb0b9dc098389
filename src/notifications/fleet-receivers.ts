/** Which of the fleet's channels are to get what they were named for. */
import type { Kysely } from "kysely";
import type { Schema } from "../platform/db/schema.ts";
import { newId } from "../platform/ids.ts";
import type { FleetNotice } from "./fleet-channel.ts";
import type { NewDelivery } from "./subscribers.ts";

interface FleetReceiver {
  readonly number: number;
  readonly channelId: string;
  /** How much is on its way to it. */
  readonly waiting: number;
}

/** Those that are there and enabled. */
export async function findFleetReceivers(
  db: Kysely<Schema>,
  notices: readonly FleetNotice[],
): Promise<readonly FleetReceiver[]> {
  const named = new Set(notices.flatMap(({ channels }) => channels));
  if (named.size === 0) return [];
  return db
    .selectFrom("fleet_channels")
    .select(["number", "channel_id as channelId"])
    .select((channel) =>
      channel
        .selectFrom("deliveries")
        .select((all) => all.fn.countAll<number>().as("count"))
        .whereRef("deliveries.channel_id", "=", "fleet_channels.channel_id")
        .$asScalar()
        .$notNull()
        .as("waiting"),
    )
    .where("is_enabled", "=", 1)
    .where("number", "in", [...named])
    .execute();
}

/** @returns a delivery for each notice and each channel that it names, and the channels to which too much is on its way already */
export function distributeToFleet(
  notices: readonly FleetNotice[],
  receivers: readonly FleetReceiver[],
  mostWaiting: number,
): { readonly rows: readonly NewDelivery[]; readonly full: ReadonlySet<string> } {
  const rows: NewDelivery[] = [];
  const full = new Set<string>();
  const waiting = new Map(receivers.map((each) => [each.channelId, each.waiting]));
  const byNumber = new Map(receivers.map((each) => [each.number, each.channelId]));
  for (const [i, { channels, event, subject, at }] of notices.entries()) {
    const eventId = newId("event", at + i); // by which those of one subject are put in order
    for (const channel_id of new Set(channels.map((number) => byNumber.get(number)))) {
      if (channel_id === undefined) continue;
      const before = waiting.get(channel_id)!;
      if (before >= mostWaiting) full.add(channel_id);
      else rows.push({ channel_id, event_id: eventId, event: JSON.stringify(event), subject });
      waiting.set(channel_id, before + 1);
    }
  }
  return { rows, full };
}
