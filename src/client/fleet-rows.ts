/** What hosts have, as their engines describe it, and how a person names one of them. */
import { YardError } from "../platform/errors.ts";
import { type FleetHost, fleetRoot, type HostChoice } from "./fleet-hosts.ts";
import { readJson, type YardClient, type YardRequest } from "./http.ts";
import { inert } from "./inert.ts";
import { asObject, type JsonObject, textField } from "./json.ts";

/** A container, image, volume or network. */
export interface FleetRow {
  /** As its engine describes it. */
  readonly json: JsonObject;
  readonly host: FleetHost;
}

export interface HostAway {
  readonly host: FleetHost;
  readonly reason: string;
}

export interface FleetRows {
  readonly rows: readonly FleetRow[];
  /** Within reach, and did not answer. */
  readonly away: readonly HostAway[];
  /** What the API has answered. */
  readonly json: unknown;
}

export type RowKind = "containers" | "images" | "volumes" | "networks";

export async function listRows(
  client: YardClient,
  kind: RowKind,
  choice: HostChoice,
  query: YardRequest["query"] = {},
): Promise<FleetRows> {
  const host = choice === "all" ? choice : choice.id;
  const call = { path: `${fleetRoot}/${kind}`, query: { host, ...query } };
  const json = await readJson(await client.request({ method: "GET", ...call }));
  if (choice !== "all") return { json, away: [], rows: objectsIn(json).map((row) => ({ json: row, host: choice })) };
  const reply = asObject(json, "the answer");
  return {
    json,
    rows: objectsIn(reply.items).map((row) => ({ json: row, host: hostIn(row) })),
    away: objectsIn(reply.unreachable_hosts).map((row) => ({ host: hostIn(row), reason: textField(row, "reason") })),
  };
}

function objectsIn(value: unknown): JsonObject[] {
  if (!Array.isArray(value)) throw new TypeError("the list is no array");
  return value.map((row) => asObject(row, "a row"));
}

function hostIn(row: JsonObject): FleetHost {
  return { id: textField(row, "host_id"), name: textField(row, "host_name") };
}

export interface Placed {
  readonly host: FleetHost;
  /** By which requests name it. */
  readonly id: string;
}

export interface Named extends Placed {
  /** By which people do. */
  readonly names: readonly string[];
}

/** Shorter ones would name something else tomorrow. */
const leastIdCharacters = 2;

/** The one that is called so: by a name or its whole id, else by the beginning of its id, if no other one has that.
 *  @param what it is, as "container" @throws {YardError} not_found, conflict: with the candidates */
export function findNamed<T extends Named>(
  things: readonly T[],
  called: string,
  { what, away }: { readonly what: string; readonly away: readonly HostAway[] },
): T {
  const exact = things.filter(({ id, names }) => id === called || names.includes(called));
  const begun = things.filter(({ id }) => called.length >= leastIdCharacters && plain(id).startsWith(plain(called)));
  const found = exact.length > 0 ? exact : begun;
  if (found.length > 1) {
    const candidates = found.map(candidateText).join(", ");
    throw new YardError(
      "conflict",
      `${inert(called)} may be any of these: ${candidates}. Write more of the id, or name the host.`,
    );
  }
  if (found[0]) return found[0];
  const unknown = away.map(({ host }) => inert(host.name)).join(", ");
  throw new YardError(
    "not_found",
    `there is no ${what} ${inert(called)}${unknown === "" ? "" : `; not asked, because away: ${unknown}`}. Look: runyard ${what} ls --host all`,
  );
}

/** Ids of images say how they were made. */
function plain(id: string): string {
  return id.replace(/^sha256:/, "");
}

export function shortId(id: string): string {
  return /^(sha256:)?[0-9a-f]{64}$/.test(id) ? plain(id).slice(0, 12) : id;
}

function candidateText({ id, names, host }: Named): string {
  return `${inert(names[0] ?? shortId(id))} (${inert(shortId(id))}, host ${inert(host.name)})`;
}
