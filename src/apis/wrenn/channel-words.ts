/** Notification channels in Wrenn's words. */
import { Type } from "typebox";
import { type Channel, channelEvents, channelProviders } from "../../notifications/channel.ts";
import { idToWire } from "./ids.ts";
import { Timestamp } from "./schemas.ts";
import { timeToWire } from "./times.ts";

export const Provider = Type.Enum([...channelProviders], { description: "What kind of receiver it is" });
export const Events = Type.Array(Type.Enum([...channelEvents]), { description: "What it is told of: one or more" });
export const ProviderConfig = Type.Record(Type.String(), Type.String(), {
  description: `What the provider needs. discord, slack, teams, googlechat: webhook_url. telegram: bot_token, chat_id. matrix: homeserver_url,
access_token, room_id. webhook: url, and secret, which is made up if there is none. Other fields are left out.`,
});

export const ChannelReply = Type.Object({
  id: Type.String(),
  team_id: Type.String(),
  name: Type.String(),
  provider: Provider,
  events: Type.Array(Type.String()),
  created_at: Timestamp,
  updated_at: Timestamp,
  last_delivered_at: Type.Optional(
    Type.String({ format: "date-time", description: "When something was last received there" }),
  ),
  last_error: Type.Optional(Type.String({ description: "Why the last try that failed did" })),
  last_error_at: Type.Optional(Timestamp),
  secret: Type.Optional(
    Type.String({ description: "By which a webhook's receiver knows the sender: when it is made, and never again" }),
  ),
});

export function channelToWire({ deliveredAt, lastError, ...channel }: Channel) {
  return {
    id: idToWire("channel", channel.id),
    team_id: idToWire("team", channel.teamId),
    ...{ name: channel.name, provider: channel.provider, events: [...channel.events] },
    created_at: timeToWire(channel.createdAt),
    updated_at: timeToWire(channel.updatedAt),
    ...(deliveredAt !== undefined && { last_delivered_at: timeToWire(deliveredAt) }),
    ...(lastError && { last_error: lastError.message, last_error_at: timeToWire(lastError.at) }),
  };
}
