/** Tells all yards which rows of a list have changed, for the people who look at it. Domains say so as often as they like. */
import { createGathering, type Gathering } from "../gathering.ts";
import type { Bus } from "./bus.ts";
import type { Topics } from "./topics.ts";

export type ChangedRow = Topics["rows.changed"]["rows"][number];

export interface RowChanges extends Disposable {
  /** @param of which list */
  note(of: string, row: ChangedRow): void;
  /** Some have, and nobody knows which. */
  noteAll(of: string): void;
}

const intervalMs = 200;
const mostRows = 100;

export function createRowChanges(bus: Pick<Bus<Topics>, "publish">): RowChanges {
  const lists = new Map<string, Gathering<ChangedRow>>();

  function listOf(of: string): Gathering<ChangedRow> {
    const known = lists.get(of);
    if (known) return known;
    const made = createGathering<ChangedRow>({
      ...{ intervalMs, most: mostRows, merge: mergeChanges },
      flush: (rows) =>
        bus.publish(
          "rows.changed",
          rows === "lost" ? { of, isAll: true, rows: [] } : { of, isAll: false, rows: [...rows.values()] },
        ),
    });
    lists.set(of, made);
    return made;
  }

  return {
    note: (of, row) => listOf(of).add(row.id, row),
    noteAll: (of) => listOf(of).lose(),
    [Symbol.dispose]() {
      for (const list of lists.values()) list[Symbol.dispose]();
    },
  };
}

/** One that came and was changed at once is still one that came; and what is told late of one that is gone does not bring it back. */
export function mergeChanges<Change extends { readonly kind: ChangedRow["kind"] }>(
  before: Change,
  now: Change,
): Change {
  return now.kind === "changed" ? { ...now, kind: before.kind } : now;
}
