/** Notification channels in Dockmesh's words. */
import { type Static, Type } from "typebox";
import { fleetProviders } from "../../notifications/channel.ts";
import type { FleetChannel, FleetChannelInput } from "../../notifications/fleet-channel.ts";
import { YardError } from "../../platform/errors.ts";
import { Timestamp, timeToWire } from "./account-words.ts";

const fields = `webhook: url, secret. ntfy: server_url, topic, token. discord, slack, teams: webhook_url. gotify: server_url, token.
email: host, port, security (starttls, tls, none), username, password, from, to. pagerduty: routing_key, url. pushover: token, user, url.`;

export const WireChannel = Type.Object({
  id: Type.Integer(),
  name: Type.String(),
  type: Type.Enum([...fleetProviders]),
  config: Type.Record(Type.String(), Type.Unknown(), {
    description: "What is no secret; of a secret that is kept, `has_…` in place of it",
  }),
  enabled: Type.Boolean({ description: "While it is not, it is told nothing" }),
  last_delivered_at: Type.Optional({ ...Timestamp, description: "When something was last received there" }),
  last_error: Type.Optional(Type.String({ description: "Why the last try that failed did" })),
  last_error_at: Type.Optional(Timestamp),
  created_at: Timestamp,
  updated_at: Timestamp,
});

export const WireChannelInput = Type.Object({
  name: Type.String(),
  type: Type.String({ description: fleetProviders.join(", ") }),
  config: Type.Record(Type.String(), Type.Unknown(), {
    description: `What it takes to reach it. ${fields} Of a channel that there is, a secret that is left out or empty stays; null forgets it.`,
  }),
  enabled: Type.Optional(Type.Boolean({ description: "If absent: as it is; yes for a new one" })),
});

export function channelToWire(channel: FleetChannel): Static<typeof WireChannel> {
  const { number: id, name, type, config, secrets, isEnabled: enabled, deliveredAt, lastError } = channel;
  return {
    ...{ id, name, type, enabled },
    config: { ...config, ...Object.fromEntries(secrets.map((secret) => [`has_${secret}`, true])) },
    ...(deliveredAt !== undefined && { last_delivered_at: timeToWire(deliveredAt) }),
    ...(lastError && { last_error: lastError.message, last_error_at: timeToWire(lastError.at) }),
    ...{ created_at: timeToWire(channel.createdAt), updated_at: timeToWire(channel.updatedAt) },
  };
}

/** @throws {YardError} invalid (`type`, `config.…`) */
export function channelFromWire(wire: Static<typeof WireChannelInput>): FleetChannelInput {
  const type = fleetProviders.find((known) => known === wire.type);
  if (type === undefined) throw new YardError("invalid", `is one of ${fleetProviders.join(", ")}`, { field: "type" });
  const config = Object.fromEntries(Object.entries(wire.config).map(([name, value]) => [name, textOf(name, value)]));
  return { name: wire.name, type, config, ...(wire.enabled !== undefined && { isEnabled: wire.enabled }) };
}

/** Forms send ports as numbers, and several addresses as a list. */
function textOf(name: string, value: unknown): string | null {
  if (value === null || typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (Array.isArray(value) && value.every((each) => typeof each === "string")) return value.join(",");
  throw new YardError("invalid", "is neither a text nor a list of texts", { field: `config.${name}` });
}
