/** Which channels want to know of an event. */
import type { Kysely } from "kysely";
import type { Schema } from "../platform/db/schema.ts";
import { newId } from "../platform/ids.ts";
import type { Announced } from "./deliveries.ts";

interface Subscriber {
  readonly channelId: string;
  readonly teamId: string;
  readonly event: string;
  /** How much is on its way to it. */
  readonly waiting: number;
}

export async function findSubscribers(
  db: Kysely<Schema>,
  announced: readonly Announced[],
): Promise<readonly Subscriber[]> {
  const teams = new Set(announced.map(({ teamId }) => teamId));
  const events = new Set(announced.map(({ event }) => event.event));
  return db
    .selectFrom("channels")
    .innerJoin("channel_events", "channel_events.channel_id", "channels.id")
    .select(["channels.id as channelId", "team_id as teamId", "event"])
    .select((channel) =>
      channel
        .selectFrom("deliveries")
        .select((all) => all.fn.countAll<number>().as("count"))
        .whereRef("deliveries.channel_id", "=", "channels.id")
        .$asScalar()
        .$notNull()
        .as("waiting"),
    )
    .where("team_id", "in", [...teams])
    .where("event", "in", [...events])
    .execute();
}

export interface NewDelivery {
  readonly channel_id: string;
  readonly event_id: string;
  /** JSON. */
  readonly event: string;
  readonly subject?: string;
}

/** @returns a delivery for each event and each channel that wants it, and the channels to which too much is on its way already */
export function distribute(
  announced: readonly Announced[],
  subscribers: readonly Subscriber[],
  mostWaiting: number,
): { readonly rows: readonly NewDelivery[]; readonly full: ReadonlySet<string> } {
  const rows: NewDelivery[] = [];
  const full = new Set<string>();
  const waiting = new Map(subscribers.map((each) => [each.channelId, each.waiting]));
  const wanting = Map.groupBy(subscribers, ({ teamId, event }) => `${teamId} ${event}`);
  for (const { teamId, event, at } of announced) {
    const eventId = newId("event", at);
    for (const { channelId } of wanting.get(`${teamId} ${event.event}`) ?? []) {
      const before = waiting.get(channelId) ?? 0;
      if (before >= mostWaiting) full.add(channelId);
      else rows.push({ channel_id: channelId, event_id: eventId, event: JSON.stringify(event) });
      waiting.set(channelId, before + 1);
    }
  }
  return { rows, full };
}
