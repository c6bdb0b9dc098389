/** What happened in the yard, newest first, as it happens. */
import { useState } from "react";
import { call } from "../../api/call.ts";
import type { Reply } from "../../api/operations.ts";
import { usePages } from "../../api/use-pages.ts";
import { Empty } from "../../components/empty.tsx";
import { Ago } from "../../components/moments.tsx";
import { Page, Panel } from "../../components/page.tsx";
import type { Column } from "../../components/table/columns.ts";
import { Table } from "../../components/table/table.tsx";
import { ExportRows } from "../records/export-rows.tsx";
import { momentText, RecordDialog } from "../records/record-dialog.tsx";
import { RecordFilterBar, useRecordFilters } from "../records/record-filters.tsx";

type Event = Reply<"GET /yard/v1/events">["items"][number];

const pageRows = 200;

const columns: readonly Column<Event>[] = [
  { ...{ id: "at", title: "When", width: "6.5rem" }, cell: ({ at }) => <Ago at={at} /> },
  {
    ...{ id: "topic", title: "What", width: "minmax(9rem, 1fr)" },
    cell: ({ topic }) => <strong>{topic}</strong>,
  },
  { ...{ id: "subject", title: "Of", width: "minmax(7rem, 1.2fr)" }, cell: ({ subject }) => <code>{subject}</code> },
  {
    ...{ id: "data", title: "Details", width: "minmax(8rem, 2fr)", isSecondary: true },
    cell: ({ data }) => summaryOf(data),
  },
];

export default function EventsPage() {
  const filters = useRecordFilters();
  const [shown, setShown] = useState<Event>();
  const { search, exact: topic } = filters;
  const readPage = (after: string | undefined, signal: AbortSignal) => {
    return call(
      "GET /yard/v1/events",
      { query: { search, topic, sort: "newest", limit: pageRows, after } },
      { signal },
    );
  };
  const events = usePages(`events ${topic} ${search}`, readPage, ["events"]);
  return (
    <Page
      title="Events"
      subtitle="What happens, as it happens"
      actions={<ExportRows name="events" readPage={readPage} />}
    >
      <Panel isFlush>
        <RecordFilterBar
          what="events"
          exactLabel="Only this kind"
          exactPlaceholder="Kind, as app.exited"
          filters={filters}
        />
        <Table
          what="events"
          columns={columns}
          rows={events.rows}
          rowId={({ id }) => id}
          onOpen={setShown}
          onMore={events.hasMore ? events.more : undefined}
          error={events.error}
          onRetry={events.reload}
          empty={
            <Empty title={search || topic ? "No events match" : "Nothing has happened yet"}>
              Each app that ends, capsule that starts, or host that goes away leaves an event.
            </Empty>
          }
        />
      </Panel>
      {shown && (
        <RecordDialog
          title={shown.topic}
          facts={{ When: momentText(shown.at), Of: shown.subject, Number: shown.id }}
          details={shown.data}
          onClose={() => setShown(undefined)}
        />
      )}
    </Page>
  );
}

/** The plain fields in a line; the whole is in the dialog. */
function summaryOf(data: unknown): string {
  return Object.entries(Object(data) as Record<string, unknown>)
    .filter(([, value]) => value !== null && typeof value !== "object")
    .map(([name, value]) => `${name}: ${String(value)}`)
    .join(", ");
}
