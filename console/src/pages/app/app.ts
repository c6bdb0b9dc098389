/** An app: its row of the yard's lists, and its definition as App Mesh has it, with what its process uses now. */
import { call } from "../../api/call.ts";
import { CallError } from "../../api/call-error.ts";
import type { Reply } from "../../api/operations.ts";
import { type Read, useRead } from "../../api/use-read.ts";
import type { AppRow } from "../apps/app-row.ts";

export interface App {
  readonly row: AppRow;
  readonly definition: Reply<"GET /appmesh/app/{app_name}">;
}

/** What no event tells of: how much it uses. */
const readEveryMs = 5_000;

export function useApp(name: string): Read<App> {
  return useRead(name, (signal) => readApp(name, signal), { topics: ["apps"], everyMs: readEveryMs });
}

/** @throws {CallError} 404 for one that is not there, or not for the caller to see */
async function readApp(name: string, signal: AbortSignal): Promise<App> {
  const [definition, { items }] = await Promise.all([
    call("GET /appmesh/app/{app_name}", { path: { app_name: name } }, { signal }),
    call("GET /yard/v1/apps", { query: { name, limit: 1 } }, { signal }),
  ]);
  const [row] = items;
  if (!row) throw new CallError(`There is no app ${name} any more.`, 404); // it went between the two
  return { row, definition };
}
