/** What administrators set for the whole fleet while the yard runs. */
import { type Static, Type } from "typebox";
import { Value } from "typebox/value";
import type { Clock } from "../../platform/clock.ts";
import type { Database } from "../../platform/db/database.ts";
import { createStoredSettings } from "../../platform/db/stored-settings.ts";
import { YardError } from "../../platform/errors.ts";

const Stored = Type.Partial(
  Type.Object({
    /** By which people reach the yard: an origin. Empty: as each request names it. */
    baseUrl: Type.String(),
    /** Where agents connect, whatever the yard listens on. Empty: what it finds out by itself. */
    agentUrl: Type.String(),
    /** Whether somebody would like a reverse proxy, or images to be scanned: kept for clients that ask. */
    wantsProxy: Type.Boolean(),
    wantsScanner: Type.Boolean(),
  }),
);
export type FleetSettingValues = Readonly<Required<Static<typeof Stored>>>;

export interface FleetSettings {
  get(): Promise<FleetSettingValues>;
  /** What is absent stays. @returns all of them as they are then */
  change(changes: Partial<FleetSettingValues>): Promise<FleetSettingValues>;
}

const key = "containers.fleet-settings";
const none: FleetSettingValues = { baseUrl: "", agentUrl: "", wantsProxy: false, wantsScanner: false };
const maxUrlLength = 2_048;
/** URLs allow more in a host's name, quotes and brackets among it; these go into commands that people paste into a shell. */
const plainHost = /^(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])$/;

export function createFleetSettings(parts: { readonly database: Database; readonly clock: Clock }): FleetSettings {
  const settings = createStoredSettings(parts);
  const parse = (stored: unknown) => ({ ...none, ...(stored === undefined ? {} : Value.Parse(Stored, stored)) });
  const get = async () => parse(await settings.read(key));
  return {
    get,
    async change(changes) {
      await settings.change(key, (before) => ({ ...parse(before), ...changes }));
      return get();
    },
  };
}

/** An origin, in the one way to write it; empty stays empty. @throws {YardError} invalid */
export function requireBaseUrl(text: string, field: string): string {
  const url = parseUrl(text, ["http:", "https:"], field);
  if (url !== undefined && url.pathname !== "/")
    throw new YardError("invalid", `${text} has a path: the yard is served at the root of its host.`, { field });
  return url === undefined ? "" : url.origin;
}

/** As agents are told it, `wss://host:port/connect`; empty stays empty. @throws {YardError} invalid */
export function requireAgentUrl(text: string, field: string): string {
  const url = parseUrl(text, ["https:", "wss:"], field);
  if (url === undefined) return "";
  if (url.pathname !== "/" && url.pathname !== "/connect")
    throw new YardError("invalid", `${text} has a path: agents connect at /connect.`, { field });
  return `wss://${url.host}/connect`;
}

function parseUrl(text: string, protocols: readonly string[], field: string): URL | undefined {
  const trimmed = text.trim();
  if (trimmed === "") return undefined;
  const url = trimmed.length > maxUrlLength ? undefined : (URL.parse(trimmed) ?? undefined);
  const isKnown = url && protocols.includes(url.protocol) && plainHost.test(url.hostname);
  const isPlain = isKnown && !url.username && !url.password && !url.search && !url.hash;
  if (url && isPlain) return url;
  const example = `${protocols.at(-1)}//yard.example`;
  throw new YardError("invalid", `Not the address of a server: write it as ${example}, and nothing else.`, { field });
}
