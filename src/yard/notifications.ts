/** Opens the room of notifications, and says in the words of its readers what other rooms have to tell. */
import type { Transaction } from "kysely";
import { alertDocument } from "../apis/dockmesh/alert-words.ts";
import { eventToWire } from "../apis/wrenn/event-words.ts";
import type { CapsuleEvent } from "../capsules/capsule.ts";
import type { Config } from "../config.ts";
import type { AlertDigest } from "../containers/alerts/digest.ts";
import type { HostEvent } from "../hosts/liveness.ts";
import type { FleetNotice } from "../notifications/fleet-channel.ts";
import { type Notifications, type NotificationsParts, openNotifications } from "../notifications/notifications.ts";
import type { Schema } from "../platform/db/schema.ts";

export interface NotificationRoom extends AsyncDisposable {
  readonly channels: Notifications["channels"];
  /** What it does is not waited for. Hosts that are everybody's concern no team. */
  tell(event: CapsuleEvent | HostEvent): void;
  readonly fleetChannels: Notifications["fleetChannels"];
  /** For the channels that their rules name, with the transaction. */
  keepAlerts(transaction: Transaction<Schema>, digests: readonly AlertDigest[]): Promise<void>;
}

export function openNotificationRoom(
  sources: Omit<NotificationsParts, "settings" | "resolve"> & { readonly config: Pick<Config, "notifications"> },
): NotificationRoom {
  const { config, ...parts } = sources;
  const notifications = openNotifications({ ...parts, settings: config.notifications });
  return {
    channels: notifications.channels,
    fleetChannels: notifications.fleetChannels,
    keepAlerts: (transaction, digests) => notifications.tellFleet(transaction, digests.map(fleetNotice)),
    tell(event) {
      const { teamId, at } = event;
      if (teamId !== undefined) notifications.tell({ teamId, at, event: eventToWire({ ...event, teamId }) });
    },
    [Symbol.asyncDispose]: () => notifications[Symbol.asyncDispose](),
  };
}

/** All that one rule tells is of one subject: what it fires for in the end is what the last message says. */
function fleetNotice(digest: AlertDigest): FleetNotice {
  const { rule, at } = digest;
  return { channels: rule.channelIds, event: alertDocument(digest), at, subject: JSON.stringify([rule.id]) };
}
