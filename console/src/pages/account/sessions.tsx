/** Where one is signed in, and ending that. */
import { call } from "../../api/call.ts";
import type { Reply } from "../../api/operations.ts";
import { useRead } from "../../api/use-read.ts";
import { Button } from "../../components/button.tsx";
import { Empty } from "../../components/empty.tsx";
import { Ago } from "../../components/moments.tsx";
import { Panel } from "../../components/page.tsx";
import { Status } from "../../components/status.tsx";
import type { Column } from "../../components/table/columns.ts";
import { Table } from "../../components/table/table.tsx";
import { useAction } from "../../components/use-action.ts";

type Session = Reply<"GET /api/v1/sessions">[number];

export function Sessions() {
  const sessions = useRead("sessions", (signal) => call("GET /api/v1/sessions", {}, { signal }), { everyMs: 30_000 });
  const [busy, run] = useAction();
  const end = (id: string): void =>
    run("Could not end the login", async () => {
      await call("DELETE /api/v1/sessions/{family_id}", { path: { family_id: id } });
      sessions.reload();
    });
  const columns: readonly Column<Session>[] = [
    {
      ...{ id: "agent", title: "With", width: "minmax(8rem, 2fr)" },
      cell: ({ user_agent: agent }) => <span title={agent}>{agent ?? "unknown"}</span>,
    },
    { ...{ id: "ip", title: "From", isSecondary: true }, cell: ({ ip }) => ip ?? "–" },
    {
      ...{ id: "since", title: "Since", width: "6.5rem", isSecondary: true },
      cell: ({ created_at: at }) => <Ago at={Date.parse(at)} />,
      sortBy: ({ created_at: at }) => Date.parse(at),
    },
    {
      ...{ id: "until", title: "Until", width: "6.5rem", isSecondary: true },
      cell: ({ expires_at: at }) => <Ago at={Date.parse(at)} />,
      sortBy: ({ expires_at: at }) => Date.parse(at),
    },
    {
      ...{ id: "actions", title: "Actions", width: "7rem", isNumber: true },
      cell: ({ family_id: id, is_current: isThis, ip }) =>
        isThis ? (
          <Status tone="good">this one</Status>
        ) : (
          <Button
            kind="quiet"
            busy={busy}
            aria-label={`End it: the login from ${ip ?? "somewhere"}`}
            onClick={() => end(id)}
          >
            End it
          </Button>
        ),
    },
  ];
  return (
    <Panel title="Where you are signed in" isFlush>
      <Table
        what="logins"
        columns={columns}
        rows={sessions.data}
        rowId={({ family_id: id }) => id}
        error={sessions.error}
        onRetry={sessions.reload}
        empty={<Empty title="There are no logins" />}
      />
    </Panel>
  );
}
