/** The audit log as people look through it: newest first, page by page. */
import type { Database } from "../platform/db/database.ts";
import { type ScannedPage, scanPage } from "../platform/db/scan-page.ts";
import type { AuditEntryRow } from "../platform/db/schema.ts";

export interface AuditPages {
  page(wanted: WantedEntries): Promise<ScannedPage<AuditEntryRow, number>>;
}

export interface WantedEntries {
  readonly matches?: (entry: AuditEntryRow) => boolean;
  /** The number of the last entry of the page before. */
  readonly from: number | undefined;
  readonly limit: number;
}

export function createAuditPages({ kysely }: Pick<Database, "kysely">): AuditPages {
  return {
    page: ({ from, limit, matches }) =>
      scanPage({
        ...{ from, limit, matches },
        read: (before, most) =>
          kysely
            .selectFrom("audit_entries")
            .selectAll()
            .$if(before !== undefined, (some) => some.where("seq", "<", before!))
            .orderBy("seq", "desc")
            .limit(most)
            .execute(),
        placeOf: ({ seq }) => seq,
      }),
  };
}
