/** Who did what, from where, and whether it was let: newest first. Entries are chained, so that none can be changed unseen. */
import { useState } from "react";
import { call } from "../../api/call.ts";
import type { Reply } from "../../api/operations.ts";
import { usePages } from "../../api/use-pages.ts";
import { Button } from "../../components/button.tsx";
import { Empty } from "../../components/empty.tsx";
import { Ago, countText } from "../../components/moments.tsx";
import { Page, Panel } from "../../components/page.tsx";
import { Status } from "../../components/status.tsx";
import type { Column } from "../../components/table/columns.ts";
import { Table } from "../../components/table/table.tsx";
import { tell, tellFailure } from "../../components/toasts.tsx";
import { useAction } from "../../components/use-action.ts";
import { ExportRows } from "../records/export-rows.tsx";
import { momentText, RecordDialog } from "../records/record-dialog.tsx";
import { RecordFilterBar, useRecordFilters } from "../records/record-filters.tsx";

type Entry = Reply<"GET /yard/v1/audit">["items"][number];

const pageRows = 200;

const tones = { done: "good", denied: "warn", failed: "bad" } as const;

const columns: readonly Column<Entry>[] = [
  { ...{ id: "at", title: "When", width: "6.5rem" }, cell: ({ at }) => <Ago at={at} /> },
  {
    ...{ id: "actor", title: "Who", width: "minmax(5rem, 0.7fr)" },
    cell: ({ actor }) => <strong>{actor.name}</strong>,
  },
  { ...{ id: "action", title: "Did", width: "minmax(8rem, 1.2fr)" }, cell: ({ action }) => action },
  { ...{ id: "target", title: "To", width: "minmax(7rem, 1.4fr)", isSecondary: true }, cell: ({ target }) => target },
  {
    ...{ id: "outcome", title: "Outcome", width: "6.5rem", isSecondary: true },
    cell: ({ outcome }) => <Status tone={tones[outcome]}>{outcome}</Status>,
  },
  { ...{ id: "api", title: "By API", width: "6.5rem", isSecondary: true }, cell: ({ api }) => api },
  { ...{ id: "address", title: "From", width: "8rem", isSecondary: true }, cell: ({ address }) => address ?? "–" },
];

export default function AuditPage() {
  const filters = useRecordFilters();
  const [shown, setShown] = useState<Entry>();
  const { search, exact: actor } = filters;
  const readPage = (after: string | undefined, signal: AbortSignal) => {
    return call("GET /yard/v1/audit", { query: { search, actor, limit: pageRows, after } }, { signal });
  };
  const entries = usePages(`audit ${actor} ${search}`, readPage, ["events"]);
  return (
    <Page
      title="Audit"
      subtitle="Who did what, through any of the APIs"
      actions={
        <>
          <Verify />
          <Button onClick={entries.reload}>Look again</Button>
          <ExportRows name="audit" readPage={readPage} />
        </>
      }
    >
      <Panel isFlush>
        <RecordFilterBar
          what="entries"
          exactLabel="Only of this user"
          exactPlaceholder="Who, by the whole name"
          filters={filters}
        />
        <Table
          what="entries"
          columns={columns}
          rows={entries.rows}
          rowId={({ id }) => id}
          onOpen={setShown}
          onMore={entries.hasMore ? entries.more : undefined}
          error={entries.error}
          onRetry={entries.reload}
          empty={<Empty title="No entries match">Search for something else.</Empty>}
        />
      </Panel>
      {shown && (
        <RecordDialog
          title={shown.action}
          facts={{
            When: momentText(shown.at),
            Who: shown.actor.name,
            To: shown.target,
            Outcome: shown.outcome,
            "By API": shown.api,
            From: shown.address ?? undefined,
            Request: shown.requestId ?? undefined,
            Number: shown.id,
          }}
          details={shown.details}
          onClose={() => setShown(undefined)}
        />
      )}
    </Page>
  );
}

/** Checks every entry against the one before it. */
function Verify() {
  const [busy, run] = useAction();
  async function verify(): Promise<void> {
    const {
      ok,
      verified_rows: count,
      message,
      first_broken_id: broken,
    } = await call("GET /api/v1/audit/verify", {}, { timeoutMs: 300_000 });
    if (ok) tell("The log is whole", `${countText(count)} entries fit, one to the next.`);
    else tellFailure("The log was tampered with", new Error(message ?? `Entry ${broken} does not fit.`));
  }
  return (
    <Button busy={busy} onClick={() => run("Could not verify the log", verify)}>
      {busy ? "Verifying…" : "Verify"}
    </Button>
  );
}
