/** Where teams are told what happens, and what is on its way there. */
import type { Generated } from "kysely";

export interface NotificationTables {
  fleet_channels: FleetChannelRow;
  channels: ChannelRow;
  channel_events: ChannelEventRow;
  deliveries: DeliveryRow;
}

export interface ChannelRow {
  id: string;
  team_id: string;
  name: string;
  provider: string;
  /** JSON: each field's value sealed by itself, for its place. */
  config: string;
  created_at: number;
  updated_at: number;
  /** When something was last received there. */
  delivered_at: number | null;
  /** Why the last try that failed did. */
  last_error: string | null;
  last_error_at: number | null;
}

/** A channel of the fleet as a whole: its row in `channels` has no team and, in place of a name, its id. */
export interface FleetChannelRow {
  /** Counts up; never given twice. */
  number: Generated<number>;
  channel_id: string;
  name: string;
  /** 0: it is told nothing. */
  is_enabled: number;
}

/** An event that the channel is told of. */
export interface ChannelEventRow {
  channel_id: string;
  event: string;
}

/** What one channel has yet to be told. */
export interface DeliveryRow {
  event_id: string;
  channel_id: string;
  /** JSON: what is told. */
  event: string;
  /** Tries that have failed. */
  failures: number;
  /** When the next try begins; while one is under way, when it is taken to have died with its yard. */
  due_at: number;
  created_at: number;
  /** It waits for those of the same subject that were kept before it; null: for none. */
  subject: Generated<string | null>;
}
