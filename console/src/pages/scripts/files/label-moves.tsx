/** Where a label has pointed, the newest first, and the way back to any of it. */
import { call } from "../../../api/call.ts";
import type { Reply } from "../../../api/operations.ts";
import { useRead } from "../../../api/use-read.ts";
import { useMay } from "../../../api/use-self.ts";
import { confirm } from "../../../components/confirm.tsx";
import { Empty } from "../../../components/empty.tsx";
import { Ago } from "../../../components/moments.tsx";
import { MoreMenu } from "../../../components/more-menu.tsx";
import { Panel } from "../../../components/page.tsx";
import type { Column } from "../../../components/table/columns.ts";
import { Table } from "../../../components/table/table.tsx";
import { tell } from "../../../components/toasts.tsx";
import { useAction } from "../../../components/use-action.ts";
import { shortId } from "../execution.ts";

type Move = Reply<"GET /api/fs/labels/{label}/log">["log"][number];

interface LabelMovesProps {
  readonly label: string;
  /** Where it points now. */
  readonly head: string | undefined;
  changed(): void;
  onCompare(from: string, to: string): void;
}

const mostMoves = 1_000;

export function LabelMoves({ label, head, changed, onCompare }: LabelMovesProps) {
  const [, run] = useAction();
  const mayWrite = useMay("labels.write");
  const moves = useRead(`label ${label} ${head}`, async (signal) => {
    const input = { path: { label }, query: { limit: mostMoves } };
    return (await call("GET /api/fs/labels/{label}/log", input, { signal })).log.toReversed();
  });
  async function reset(id: string): Promise<void> {
    const lost = "The label points there from now on. Where it points now stays in this list, to go back to.";
    if (!(await confirm({ title: `Point ${label} to ${shortId(id)}?`, lost, action: "Point it there" }))) return;
    await call("POST /api/fs/reset", { body: { label, ca_id: id } });
    tell(`${label} points to ${shortId(id)}`);
    moves.reload();
    changed();
  }
  const columns: readonly Column<Move>[] = [
    { ...{ id: "op", title: "Move", width: "4rem" }, cell: ({ op }) => op },
    {
      ...{ id: "to", title: "To", width: "minmax(7rem, 1fr)" },
      cell: ({ to }) => <code title={to}>{shortId(to)}</code>,
    },
    {
      ...{ id: "from", title: "From", width: "minmax(7rem, 1fr)", isSecondary: true },
      cell: ({ from }) => from !== null && <code title={from}>{shortId(from)}</code>,
    },
    {
      ...{ id: "message", title: "Message", width: "minmax(6rem, 2fr)", isSecondary: true },
      cell: ({ message }) => message,
    },
    {
      ...{ id: "at", title: "When", width: "6.5rem", isNumber: true, isSecondary: true },
      cell: ({ at }) => <Ago at={at} />,
    },
    {
      ...{ id: "actions", title: "Actions", width: "6.5rem" },
      cell: ({ from, to }) => {
        const actions = [
          { title: "What it changed", act: () => onCompare(from ?? "", to) },
          ...(head !== undefined && head !== to ? [{ title: "Compare with now", act: () => onCompare(to, head) }] : []),
          ...(mayWrite && head !== to
            ? [{ title: "Point it here…", act: () => run(`Could not move ${label}`, () => reset(to)) }]
            : []),
        ];
        return <MoreMenu label={`More for the move to ${shortId(to)}`} actions={actions} />;
      },
    },
  ];
  return (
    <Panel title={`Where ${label} has pointed`} isFlush>
      <Table
        what="moves"
        columns={columns}
        rows={moves.data}
        rowId={({ at, to }) => `${at} ${to}`}
        error={moves.error}
        onRetry={moves.reload}
        empty={<Empty title="Nothing is known of it" />}
      />
    </Panel>
  );
}
