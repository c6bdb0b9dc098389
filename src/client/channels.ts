/** The calls behind `runyard channel`: where a team is told what happens to what it has. */
import { YardError } from "../platform/errors.ts";
import { discard, readJson, type YardClient } from "./http.ts";
import { asObject, type JsonObject, optionalTextField, textField } from "./json.ts";
import { textsIn, timeIn } from "./tasks.ts";

export const channelProviders = ["discord", "slack", "teams", "googlechat", "telegram", "matrix", "webhook"] as const;
export type ChannelProvider = (typeof channelProviders)[number];

export const channelEvents = [
  ...(["capsule.created", "capsule.running", "capsule.paused", "capsule.destroyed"] as const),
  ...(["template.snapshot.created", "template.snapshot.deleted", "host.up", "host.down"] as const),
] as const;
export type ChannelEvent = (typeof channelEvents)[number];

/** Addresses and secrets, by the names that the provider gives them. */
export type ChannelConfig = Readonly<Record<string, string>>;

export interface ChannelSeen {
  readonly json: JsonObject;
  readonly id: string;
  readonly name: string;
  readonly provider: string;
  readonly events: readonly string[];
  readonly deliveredAt?: Date;
  readonly lastError?: { readonly message: string; readonly at?: Date };
}

const root = "/v1/channels";
/** Nobody waits longer for a receiver. */
const trialMs = 60_000;

/** @returns it, and the secret by which a webhook's receiver knows the sender, which nobody is told again */
export async function createChannel(
  client: YardClient,
  wanted: { name: string; provider: ChannelProvider; config: ChannelConfig; events: readonly ChannelEvent[] },
): Promise<{ readonly seen: ChannelSeen; readonly secret?: string }> {
  const seen = channelIn(await readJson(await client.request({ method: "POST", path: root, json: wanted })));
  return { seen, secret: optionalTextField(seen.json, "secret") };
}

/** Sends a test there and keeps nothing. @throws {YardError} invalid: it did not arrive, and why */
export async function tryChannel(
  client: YardClient,
  receiver: { provider: ChannelProvider; config: ChannelConfig },
): Promise<void> {
  const call = { path: `${root}/test`, json: receiver, timeoutMs: trialMs };
  await discard(await client.request({ method: "POST", ...call }));
}

/** Newest first. */
export async function listChannels(client: YardClient): Promise<ChannelSeen[]> {
  const channels = await readJson(await client.request({ method: "GET", path: root }));
  if (!Array.isArray(channels)) throw new TypeError("the list of channels is no array");
  return channels.map(channelIn);
}

/** @param called its id or name @throws {YardError} not_found */
export async function findChannel(client: YardClient, called: string): Promise<ChannelSeen> {
  const found = (await listChannels(client)).find(({ id, name }) => id === called || name === called);
  if (found) return found;
  throw new YardError("not_found", `there is no channel ${called}. Look: runyard channel ls`);
}

/** @param config all of it, in place of what there is */
export async function configureChannel(client: YardClient, id: string, config: ChannelConfig): Promise<void> {
  const path = `${root}/${encodeURIComponent(id)}/config`;
  await discard(await client.request({ method: "PUT", path, json: { config } }));
}

export async function removeChannel(client: YardClient, id: string): Promise<void> {
  await discard(await client.request({ method: "DELETE", path: `${root}/${encodeURIComponent(id)}` }));
}

function channelIn(value: unknown): ChannelSeen {
  const json = asObject(value, "a channel");
  const message = optionalTextField(json, "last_error");
  const time = (name: string) => (json[name] === undefined ? undefined : timeIn(json, name));
  return {
    json,
    id: textField(json, "id"),
    name: textField(json, "name"),
    provider: textField(json, "provider"),
    events: textsIn(json, "events"),
    deliveredAt: time("last_delivered_at"),
    lastError: message === undefined ? undefined : { message, at: time("last_error_at") },
  };
}
