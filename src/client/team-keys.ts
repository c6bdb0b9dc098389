/** The calls behind `runyard key`: the API keys of a team. */
import { discard, readJson, type YardClient } from "./http.ts";
import { asObject, type JsonObject, optionalTextField, textField } from "./json.ts";
import { timeIn } from "./tasks.ts";

export interface KeySeen {
  readonly json: JsonObject;
  readonly id: string;
  readonly name: string;
  /** By which people tell keys apart. */
  readonly prefix: string;
  readonly createdAt: Date;
  readonly creator?: string;
  readonly lastUsedAt?: Date;
}

const root = "/v1/api-keys";

/** @returns it, and the key itself, which nobody is told again */
export async function createKey(
  client: YardClient,
  name: string | undefined,
): Promise<{ readonly seen: KeySeen; readonly key: string }> {
  const reply = await readJson(await client.request({ method: "POST", path: root, json: { name } }));
  return { seen: keyIn(reply), key: textField(asObject(reply, "the answer"), "key") };
}

/** Newest first. */
export async function listKeys(client: YardClient): Promise<KeySeen[]> {
  const keys = await readJson(await client.request({ method: "GET", path: root }));
  if (!Array.isArray(keys)) throw new TypeError("the list of keys is no array");
  return keys.map(keyIn);
}

export async function removeKey(client: YardClient, id: string): Promise<void> {
  await discard(await client.request({ method: "DELETE", path: `${root}/${encodeURIComponent(id)}` }));
}

function keyIn(value: unknown): KeySeen {
  const json = asObject(value, "a key");
  return {
    json,
    id: textField(json, "id"),
    name: textField(json, "name"),
    prefix: textField(json, "key_prefix"),
    createdAt: timeIn(json, "created_at"),
    creator: optionalTextField(json, "creator_email"),
    lastUsedAt: json.last_used === undefined ? undefined : timeIn(json, "last_used"),
  };
}
