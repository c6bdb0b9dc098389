/** A list of the yard that comes in pages: the first at once, the next when they are asked for, and all that are held again when something has changed. */
import { useCallback, useEffect, useRef } from "react";
import { live, type Topic } from "./live.ts";
import { useRead } from "./use-read.ts";

export interface PageOf<Row> {
  readonly items: readonly Row[];
  /** Leads to the page behind it; null: there is none. */
  readonly next: string | null;
  /** Of all pages, where the yard knows. */
  readonly total?: number;
}

export interface Pages<Row> {
  /** Of all pages that are held; undefined until something was read. */
  readonly rows: readonly Row[] | undefined;
  readonly total: number | undefined;
  readonly error: unknown;
  /** There are more than these. */
  readonly hasMore: boolean;
  more(): void;
  reload(): void;
}

interface Held<Row> {
  readonly key: string;
  readonly rows: readonly Row[];
  readonly next: string | null;
  readonly total: number | undefined;
}

/** Of a long list a page may hold nothing and still lead on: so many are read before it is left to the reader to go on. */
const mostPages = 50;
/** The more is held, the less often it is all read again. */
const waitPerRowMs = 0.4;
const leastWaitMs = 150;

/** @param key of what is listed, its filters included: another one begins anew; undefined reads nothing
 *  @param readPage `after` is `next` of the page before
 *  @param topics changes of these are a reason to read again */
export function usePages<Row>(
  key: string | undefined,
  readPage: (after: string | undefined, signal: AbortSignal) => Promise<PageOf<Row>>,
  topics: readonly Topic[],
): Pages<Row> {
  const held = useRef<Held<Row>>(undefined);
  const isMoreWanted = useRef(false);
  const hasChanged = useRef(false);

  const { data, error, reload } = useRead<Held<Row>>(key, async (signal) => {
    const before = held.current?.key === key ? held.current : undefined;
    const goesOn = isMoreWanted.current && !hasChanged.current;
    const wanted = (before?.rows.length ?? 0) + (isMoreWanted.current ? 1 : 0);
    isMoreWanted.current = false;
    hasChanged.current = false;
    const begin = goesOn ? before : undefined;
    held.current = { key: key ?? "", ...(await readOn(readPage, begin, wanted, signal)) };
    return held.current;
  });

  const again = useCallback(() => {
    hasChanged.current = true;
    reload();
  }, [reload]);
  const more = useCallback(() => {
    isMoreWanted.current = true;
    reload();
  }, [reload]);

  const watched = topics.join(" ");
  useEffect(() => {
    if (key === undefined || watched === "") return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const readLater = (): void => {
      const waitMs = Math.max(leastWaitMs, (held.current?.rows.length ?? 0) * waitPerRowMs);
      timer ??= setTimeout(() => {
        timer = undefined;
        again();
      }, waitMs);
    };
    const end = live.watch(watched.split(" ") as Topic[], readLater);
    return () => {
      end();
      clearTimeout(timer);
    };
  }, [key, watched, again]);

  const hasMore = data !== undefined && data.next !== null;
  return { rows: data?.rows, total: data?.total, error, hasMore, more, reload: again };
}

/** From where `begin` has come to, until there are as many rows as wanted, or no more. */
async function readOn<Row>(
  readPage: (after: string | undefined, signal: AbortSignal) => Promise<PageOf<Row>>,
  begin: Held<Row> | undefined,
  wanted: number,
  signal: AbortSignal,
): Promise<Omit<Held<Row>, "key">> {
  const rows = [...(begin?.rows ?? [])];
  let { next, total }: { next: string | null | undefined; total?: number | undefined } = begin ?? { next: undefined };
  for (let pages = 0; next !== null && pages < mostPages; pages++) {
    const page: PageOf<Row> = await readPage(next, signal);
    rows.push(...page.items);
    ({ next, total } = page);
    if (rows.length >= Math.max(1, wanted)) break;
  }
  return { rows, next: next ?? null, total };
}
