/** What is in volumes. */
import { fleetRoot } from "./fleet-hosts.ts";
import type { Placed } from "./fleet-rows.ts";
import { readJson, type YardClient } from "./http.ts";
import { asObject, type JsonObject, numberField, optionalTextField, textField } from "./json.ts";

export interface VolumeEntry {
  readonly json: JsonObject;
  readonly name: string;
  /** As ls shows it. */
  readonly mode: string;
  readonly bytes: number;
  readonly changedAt: Date;
  /** Of a link. */
  readonly target?: string;
}

export interface VolumeFile {
  readonly content: Buffer;
  /** Of the whole file. */
  readonly bytes: number;
  readonly isCut: boolean;
}

/** The engine's container that looks is started for it. */
const lookMs = 60_000;

/** By name. @throws {YardError} not_found; invalid, for what is no directory */
export async function listVolumeDirectory(client: YardClient, volume: Placed, path: string): Promise<VolumeEntry[]> {
  const entries = await readJson(await client.request({ method: "GET", ...callFor(volume, "browse", path) }));
  if (!Array.isArray(entries)) throw new TypeError("the list of entries is no array");
  return entries.map((value) => {
    const json = asObject(value, "an entry");
    return {
      ...{ json, name: textField(json, "name"), mode: textField(json, "mode"), bytes: numberField(json, "size") },
      changedAt: new Date(textField(json, "mod_time")),
      target: optionalTextField(json, "link_dest"),
    };
  });
}

/** Its first MiB. */
export async function readVolumeFile(client: YardClient, volume: Placed, path: string): Promise<VolumeFile> {
  const reply = await client.request({ method: "GET", ...callFor(volume, "browse/file", path) });
  const file = asObject(await readJson(reply), "the file");
  const content = Buffer.from(textField(file, "content"), "base64");
  return { content, bytes: numberField(file, "size"), isCut: file.truncated === true };
}

function callFor({ id, host }: Placed, what: string, path: string) {
  return {
    path: `${fleetRoot}/volumes/${encodeURIComponent(id)}/${what}`,
    query: { host: host.id, path },
    timeoutMs: lookMs,
  };
}
