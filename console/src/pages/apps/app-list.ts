/** The list of apps as the yard sorts, searches and pages it: there may be more than a page should hold. */
import { useRef } from "react";
import { call } from "../../api/call.ts";
import type { Input } from "../../api/operations.ts";
import { usePages } from "../../api/use-pages.ts";
import { useRead } from "../../api/use-read.ts";
import type { Order } from "../../components/table/columns.ts";
import { type AppRow, troubled } from "./app-row.ts";

type Query = NonNullable<Input<"GET /yard/v1/apps">["query"]>;

/** As many as the yard gives at once. */
const pageRows = 500;
/** The yard looks for no longer words. */
const longestSearch = 200;

export interface AppFilter {
  readonly words: string;
  /** Only those that someone should look at. */
  readonly isTroubledOnly: boolean;
  readonly order: Order;
}

export function useAppList({ words, isTroubledOnly, order }: AppFilter) {
  const query: Query = {
    search: words.trim().slice(0, longestSearch) || undefined,
    state: isTroubledOnly ? troubled : undefined,
    sort: `${order.isDescending ? "-" : ""}${order.column}` as Query["sort"], // columns that sort are named as the yard's orders
    limit: pageRows,
  };
  const list = usePages<AppRow>(
    `apps ${JSON.stringify(query)}`,
    (after, signal) => call("GET /yard/v1/apps", { query: { ...query, after } }, { signal }),
    ["apps"],
  );
  // While one types, what was found before stays until something else is.
  const shown = useRef(list.rows);
  if (list.rows !== undefined || list.error !== undefined) shown.current = list.rows;
  return { ...list, rows: shown.current };
}

/** How many there are, and how many of them are in trouble. */
export function useAppCounts(): { all: number; inTrouble: number } | undefined {
  const count = async (query: Query, signal: AbortSignal): Promise<number> =>
    (await call("GET /yard/v1/apps", { query: { ...query, limit: 1 } }, { signal })).total ?? 0;
  const { data } = useRead(
    "app counts",
    async (signal) => {
      const [all, inTrouble] = await Promise.all([count({}, signal), count({ state: troubled }, signal)]);
      return { all, inTrouble };
    },
    { topics: ["apps"] },
  );
  return data;
}
