/** The log of events as people look through it, from either end. */
import type { Database } from "../db/database.ts";
import { type ScannedPage, scanPage } from "../db/scan-page.ts";
import type { LoggedEvent } from "./event-log.ts";

export interface EventPages {
  page(wanted: WantedEvents): Promise<ScannedPage<LoggedEvent, number>>;
}

export interface WantedEvents {
  readonly order: "oldest" | "newest";
  readonly topic?: string;
  readonly subject?: string;
  readonly matches?: (event: LoggedEvent) => boolean;
  /** The number of the last event of the page before. */
  readonly from: number | undefined;
  readonly limit: number;
}

export function createEventPages({ kysely }: Pick<Database, "kysely">): EventPages {
  async function read({ order, topic, subject }: WantedEvents, from: number | undefined, limit: number) {
    const isOldest = order === "oldest";
    const rows = await kysely
      .selectFrom("events")
      .selectAll()
      .$if(from !== undefined, (some) => some.where("seq", isOldest ? ">" : "<", from!))
      .$if(topic !== undefined, (some) => some.where("topic", "=", topic!))
      .$if(subject !== undefined, (some) => some.where("subject", "=", subject!))
      .orderBy("seq", isOldest ? "asc" : "desc")
      .limit(limit)
      .execute();
    return rows.map((row): LoggedEvent => ({ ...row, data: JSON.parse(row.data) }));
  }

  return {
    page: (wanted) =>
      scanPage({
        ...{ from: wanted.from, limit: wanted.limit, matches: wanted.matches },
        read: (from, limit) => read(wanted, from, limit),
        placeOf: ({ seq }) => seq,
      }),
  };
}
