/** The workers of one's teams: which there are, what they take, and what they do. */
import { useState } from "react";
import { Link } from "wouter";
import { call } from "../../api/call.ts";
import type { Reply } from "../../api/operations.ts";
import { useRead } from "../../api/use-read.ts";
import { useMay, useSelf } from "../../api/use-self.ts";
import { LinkButton } from "../../components/button.tsx";
import { confirm } from "../../components/confirm.tsx";
import { CopyBox } from "../../components/copy-box.tsx";
import { Empty } from "../../components/empty.tsx";
import { Ago } from "../../components/moments.tsx";
import { MoreMenu } from "../../components/more-menu.tsx";
import { Page, Panel } from "../../components/page.tsx";
import { SearchBox } from "../../components/search-box.tsx";
import { Status } from "../../components/status.tsx";
import type { Column } from "../../components/table/columns.ts";
import { Table } from "../../components/table/table.tsx";
import { tell } from "../../components/toasts.tsx";
import { useAction } from "../../components/use-action.ts";
import { Words } from "../tasks/words.tsx";

type Worker = Reply<"POST /workers/query">["workers"][number];

/** What no event tells of: that a worker still lives. */
const readEveryMs = 5_000;

export default function WorkersPage() {
  const { teams } = useSelf();
  const [words, setWords] = useState("");
  const workers = useRead(
    "workers",
    async (signal) =>
      workersOf(
        teams.map(({ name }) => name),
        signal,
      ),
    {
      topics: ["tasks"],
      everyMs: readEveryMs,
    },
  );
  const mayControl = useMay("workers.control");
  const columns: readonly Column<Worker>[] = [
    {
      ...{ id: "worker", title: "Worker", width: "minmax(6rem, 1fr)" },
      cell: ({ worker_id }) => <code title={worker_id}>{worker_id.slice(0, 8)}</code>,
    },
    { ...{ id: "state", title: "State", width: "8rem" }, cell: (worker) => <WorkerStatus worker={worker} /> },
    {
      ...{ id: "task", title: "Task", width: "minmax(6rem, 1fr)", isSecondary: true },
      cell: ({ assigned_task_id: id }) => id !== null && <Link href={`/tasks/${id}`}>{id.slice(0, 8)}</Link>,
    },
    {
      ...{ id: "words", title: "Tags, labels", width: "minmax(6rem, 2fr)", isSecondary: true },
      cell: ({ tags, labels }) => <Words words={[...tags, ...labels]} />,
    },
    {
      ...{ id: "creator", title: "By", isSecondary: true },
      cell: ({ creator_username }) => creator_username,
      sortBy: ({ creator_username }) => creator_username,
    },
    {
      ...{ id: "seen", title: "Heard of", width: "7rem", isNumber: true, isSecondary: true },
      cell: ({ last_heartbeat }) => <Ago at={Date.parse(last_heartbeat)} />,
      sortBy: ({ last_heartbeat }) => Date.parse(last_heartbeat),
    },
    ...(mayControl
      ? [
          {
            ...{ id: "actions", title: "Actions", width: "6.5rem" },
            cell: (worker: Worker) => <WorkerActions worker={worker} changed={workers.reload} />,
          },
        ]
      : []),
  ];
  return (
    <Page
      title="Workers"
      subtitle="They take tasks from the queue, and run them."
      actions={<LinkButton href="/tasks">Tasks</LinkButton>}
    >
      <Panel isFlush>
        <SearchBox label="Search workers" value={words} onChange={setWords} />
        <Table
          what="workers"
          columns={columns}
          rows={workers.data}
          rowId={({ worker_id }) => worker_id}
          search={{ words, textOf: searchText }}
          error={workers.error}
          onRetry={workers.reload}
          empty={
            <Empty title="There are no workers">
              Tasks wait until there is one. Start it on any machine that reaches the yard:
              <CopyBox label="Command to start a worker" text={`runyard worker --url ${window.location.origin}`} />
            </Empty>
          }
        />
      </Panel>
    </Page>
  );
}

/** Of all of these teams, each once. */
async function workersOf(teams: readonly string[], signal: AbortSignal): Promise<readonly Worker[]> {
  const lists = await Promise.all(
    teams.map(async (name) => (await call("POST /workers/query", { body: { group_name: name } }, { signal })).workers),
  );
  return [...new Map(lists.flat().map((worker) => [worker.worker_id, worker])).values()];
}

const searchText = ({ worker_id, creator_username, tags, labels }: Worker): string =>
  [worker_id, creator_username, ...tags, ...labels].join(" ");

function WorkerStatus({ worker: { state, assigned_task_id: task } }: { worker: Worker }) {
  if (state === "GracefulShutdown") return <Status tone="warn">stopping</Status>;
  return task === null ? <Status tone="calm">idle</Status> : <Status tone="good">working</Status>;
}

function WorkerActions({ worker, changed }: { worker: Worker; changed: () => void }) {
  const [, run] = useAction();
  const { worker_id: uuid, assigned_task_id: task } = worker;
  const name = uuid.slice(0, 8);
  async function shutDown(op: "graceful" | "force", lost: string): Promise<void> {
    if (!(await confirm({ title: `Shut worker ${name} down?`, lost, action: "Shut it down" }))) return;
    await call("DELETE /workers/{uuid}", { path: { uuid }, query: { op } });
    tell(`Worker ${name} is shut down`);
    changed();
  }
  const failure = `Could not shut worker ${name} down`;
  const finish = task === null ? "It takes no more tasks." : "It finishes its task, and takes no more.";
  const now = task === null ? "It takes no more tasks." : "Its task is stopped, and begun anew by another worker.";
  return (
    <MoreMenu
      label={`More for worker ${name}`}
      actions={[
        { title: "Shut down when idle…", act: () => run(failure, () => shutDown("graceful", finish)) },
        { title: "Shut down now…", act: () => run(failure, () => shutDown("force", now)) },
      ]}
    />
  );
}
