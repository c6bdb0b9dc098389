/** The rows of one engine's containers, kept in step with its events.
 *
 *  An event only says whose row is outdated; the row itself always comes from the engine, never from a guess about what an event means. It is fetched
 *  after its container was looked at, because engines tell some events while they are still at work on the container (`die`, before it is
 *  written down that it has exited), and looking at it waits for the end of that. As long as any row is outdated, `current` has no answer. */
import type { Engine } from "../../platform/docker/engine.ts";
import { createSlots } from "../../platform/slots.ts";
import { after } from "../../platform/timers.ts";
import { type ContainerRow, listContainerRows, lookAtContainer, type SeenContainer } from "./container-row.ts";
import type { RowChange } from "./docker-event.ts";
import type { EngineClock } from "./engine-clock.ts";
import { couldHaveSaid, sameUntilMs, statusText } from "./status-text.ts";

export interface KeptRows extends Disposable {
  /** Something has changed; the row is fetched soon. */
  note(change: RowChange): void;
  /** Nothing is known any more: after a gap. */
  forget(): void;
  /** As the engine would list them now: another array only when it says something else. Undefined: the engine has to be asked, some of them are outdated. */
  current(): readonly ContainerRow[] | undefined;
}

/** What was listed last, and for how long it stays true as long as nothing happens: milliseconds by the engine's clock. */
interface Worded {
  readonly rows: readonly ContainerRow[];
  readonly fromMs: number;
  readonly untilMs: number;
}

interface Kept {
  /** Another object only when it says something else: whoever has written it down once need not do so again. */
  row: ContainerRow;
  readonly seen: SeenContainer | undefined;
  /** Its text can be worded here. Other makes of engine word theirs in other ways. */
  readonly isWorded: boolean;
}

/** From so many on, one list of all costs the engine less than a list of these. */
const mostByName = 20;
/** Looked at at once: an engine has better things to do. */
const atOnce = 4;
const retryMs = 1_000;
/** Engines drop events for readers that are too slow, and do not tell them. */
const wholeListMs = 5 * 60_000;

export function createKeptRows(engine: Engine, clock: EngineClock): KeptRows {
  const withSlot = createSlots(atOnce);
  let rows = new Map<string, Kept>();
  let worded: Worded | undefined;
  let outdated = new Set<string>();
  let isAllOutdated = true;
  let listedAllAtMs = 0;
  /** At work, or about to try again. */
  let isBusy = false;
  let isClosed = false;
  let retry: Disposable | undefined;

  function wake(): void {
    if (isBusy || isClosed) return;
    isBusy = true;
    refreshWhileOutdated().then(
      () => {
        isBusy = false;
      },
      () => {
        retry = after(retryMs, () => {
          isBusy = false;
          wake();
        });
      },
    );
  }

  async function refreshWhileOutdated(): Promise<void> {
    while (!isClosed && (isAllOutdated || outdated.size > 0)) {
      const changed = [...outdated];
      const isWhole = isAllOutdated || changed.length > mostByName;
      outdated = new Set();
      isAllOutdated = false;
      try {
        await refresh(changed, isWhole);
      } catch (error) {
        isAllOutdated = true;
        throw error;
      }
    }
  }

  async function refresh(changed: readonly string[], isWhole: boolean): Promise<void> {
    const before = rows;
    const seen = await lookAt(changed);
    const list = () => listContainerRows(engine, isWhole ? {} : { ids: changed });
    let fromMs = clock.earliest();
    let listed = await list();
    const unseen = listed.filter(({ Id: id }) => !seen.has(id) && !before.has(id)).map(({ Id: id }) => id);
    if (unseen.length > 0) {
      for (const [id, found] of await lookAt(unseen)) seen.set(id, found);
      fromMs = clock.earliest();
      listed = await list();
    }
    const untilMs = clock.latest();
    if (rows !== before) return; // forgotten meanwhile
    const kept = isWhole ? [] : [...before].filter(([id]) => !changed.includes(id));
    const fetched = listed.map((row): [string, Kept] => {
      const known = seen.has(row.Id) ? seen.get(row.Id) : before.get(row.Id)?.seen;
      const isWorded = known !== undefined && couldHaveSaid(row.Status, known.moment, fromMs, untilMs);
      return [row.Id, { row, seen: known, isWorded }];
    });
    rows = new Map([...kept, ...fetched].toSorted(([, a], [, b]) => (ageKey(a) < ageKey(b) ? 1 : -1)));
    worded = undefined;
    if (isWhole) listedAllAtMs = performance.now();
  }

  async function lookAt(ids: readonly string[]): Promise<Map<string, SeenContainer | undefined>> {
    const looked = ids.map((id) => withSlot(async () => [id, await lookAtContainer(engine, id)] as const));
    return new Map(await Promise.all(looked));
  }

  function forget(): void {
    rows = new Map();
    worded = undefined;
    outdated = new Set();
    isAllOutdated = true;
    wake();
  }

  /** Undefined where another make of engine words a status in its own way. */
  function word(nowMs: number): Worded | undefined {
    const listed: ContainerRow[] = [];
    let untilMs = Number.POSITIVE_INFINITY;
    for (const kept of rows.values()) {
      if (!kept.isWorded || kept.seen === undefined) return undefined;
      const Status = statusText(kept.seen.moment, nowMs);
      if (kept.row.Status !== Status) kept.row = { ...kept.row, Status };
      listed.push(kept.row);
      untilMs = Math.min(untilMs, sameUntilMs(kept.seen.moment, nowMs));
    }
    return { rows: listed, fromMs: nowMs, untilMs };
  }

  return {
    note(change) {
      if (change.kind === "all") isAllOutdated = true;
      if (change.kind === "one") outdated.add(change.id);
      wake();
    },
    forget,
    current() {
      if (isBusy || isAllOutdated || outdated.size > 0) return undefined;
      if (performance.now() - listedAllAtMs > wholeListMs) return void forget();
      const nowMs = clock.earliest();
      if (worded === undefined || nowMs < worded.fromMs || nowMs >= worded.untilMs) worded = word(nowMs);
      return worded?.rows;
    },
    [Symbol.dispose]() {
      isClosed = true;
      retry?.[Symbol.dispose]();
    },
  };
}

/** Engines list the youngest first. */
function ageKey({ row, seen }: Kept): string {
  return seen?.createdAt.replace(/Z$/, "") ?? new Date(row.Created * 1_000).toISOString();
}
