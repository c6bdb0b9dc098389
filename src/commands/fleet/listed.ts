/** What the lists of the fleet print: of one host its rows, of all each with its host, and whatever was not to be had. */
import type { HostChoice } from "../../client/fleet-hosts.ts";
import { type HostAway, type Named, shortId } from "../../client/fleet-rows.ts";
import { inert } from "../../client/inert.ts";
import type { Column } from "../app/table.ts";
import { exitCodes } from "../exit-codes.ts";
import { printTable } from "../listing.ts";
import { notice } from "../yard-options.ts";

export interface Listed<T> {
  readonly rows: readonly T[];
  readonly away: readonly HostAway[];
  /** What the API has answered. */
  readonly json: unknown;
}

export interface FleetListing<T> {
  readonly choice: HostChoice;
  /** What the API has answered, in place of a table. */
  readonly json: boolean | undefined;
  readonly columns: readonly Column<T>[];
  /** What is said where there is none. */
  readonly none: string;
}

/** @returns the exit code: a list that lacks a host is none that went well */
export function printFleetList<T extends Named>(
  { rows, away, json }: Listed<T>,
  { choice, json: wantsJson, columns, none }: FleetListing<T>,
): number {
  if (wantsJson) console.log(JSON.stringify(json));
  else if (rows.length === 0) console.error(none);
  else printTable(rows, choice === "all" ? [...columns, hostColumn] : columns);
  for (const { host, reason } of away) notice(`${inert(host.name)} is not in this list: ${inert(reason)}`);
  return away.length === 0 ? exitCodes.ok : exitCodes.failure;
}

const hostColumn: Column<Named> = { heading: "HOST", cell: ({ host }) => host.name };

/** As a line of text names it. */
export function nameOf({ names, id }: Named): string {
  return inert(names[0] ?? shortId(id));
}
