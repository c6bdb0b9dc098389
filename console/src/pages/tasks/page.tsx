/** All tasks of one's teams: what waits, runs and is over, the newest first. */
import { useDeferredValue, useRef, useState } from "react";
import { useLocation } from "wouter";
import { call } from "../../api/call.ts";
import { usePages } from "../../api/use-pages.ts";
import { useMay } from "../../api/use-self.ts";
import { Button, LinkButton } from "../../components/button.tsx";
import { Empty } from "../../components/empty.tsx";
import { Ago } from "../../components/moments.tsx";
import { Page, Panel } from "../../components/page.tsx";
import type { Column } from "../../components/table/columns.ts";
import { Table } from "../../components/table/table.tsx";
import { CancelListed } from "./cancel-listed.tsx";
import { isFiltered, type TaskFilter, TaskFilters, useTaskFilter } from "./filters.tsx";
import { NewTask } from "./new-task.tsx";
import type { TaskRow } from "./task-row.ts";
import { TaskStatus } from "./task-status.tsx";
import { Words } from "./words.tsx";

/** As many as the yard gives at once. */
const pageRows = 500;
/** The yard looks for no longer words. */
const longestWord = 200;

const columns: readonly Column<TaskRow>[] = [
  { ...{ id: "number", title: "Task", width: "4.5rem", isNumber: true }, cell: ({ number }) => `#${number}` },
  { ...{ id: "state", title: "State", width: "8rem" }, cell: (task) => <TaskStatus task={task} /> },
  {
    ...{ id: "command", title: "Command", width: "minmax(7rem, 3fr)" },
    cell: ({ command }) => <code title={command}>{command}</code>,
  },
  { ...{ id: "team", title: "Team", width: "minmax(5rem, 1fr)", isSecondary: true }, cell: ({ team }) => team },
  {
    ...{ id: "words", title: "Tags, labels", width: "minmax(6rem, 1.4fr)", isSecondary: true },
    cell: ({ tags, labels }) => <Words words={[...tags, ...labels]} />,
  },
  {
    ...{ id: "priority", title: "Priority", width: "5rem", isNumber: true, isSecondary: true },
    cell: ({ priority }) => priority,
  },
  {
    ...{ id: "created", title: "Submitted", width: "6.5rem", isNumber: true, isSecondary: true },
    cell: ({ createdAt }) => <Ago at={createdAt} />,
  },
  {
    ...{ id: "updated", title: "Changed", width: "6.5rem", isNumber: true, isSecondary: true },
    cell: ({ updatedAt }) => <Ago at={updatedAt} />,
  },
];

export default function TasksPage() {
  const [filter, change] = useTaskFilter();
  const [isMaking, setMaking] = useState(false);
  const [, navigate] = useLocation();
  const maySubmit = useMay("tasks.submit");
  const mayControl = useMay("tasks.control");
  const mayWorkers = useMay("workers.view");
  const list = useTaskList(useDeferredValue(filter));
  const make = maySubmit && (
    <Button kind="primary" onClick={() => setMaking(true)}>
      New task
    </Button>
  );
  return (
    <Page
      title="Tasks"
      subtitle="Commands that wait for a worker with a place for them."
      actions={
        <>
          {mayWorkers && <LinkButton href="/tasks/workers">Workers</LinkButton>}
          {mayControl && <CancelListed tasks={list.rows} hasMore={list.hasMore} changed={list.reload} />}
          {make}
        </>
      }
    >
      <Panel isFlush>
        <TaskFilters filter={filter} change={change} />
        <Table
          what="tasks"
          columns={columns}
          rows={list.rows}
          rowId={({ id }) => id}
          onOpen={({ id }) => navigate(`/tasks/${id}`)}
          error={list.error}
          onRetry={list.reload}
          onMore={list.hasMore ? list.more : undefined}
          empty={
            isFiltered(filter) ? (
              <Empty title="No tasks match">Ask for less, or for something else.</Empty>
            ) : (
              <Empty title="There are no tasks" actions={make}>
                A task is a command that waits in a queue, and runs on one worker at a time.
              </Empty>
            )
          }
        />
      </Panel>
      {isMaking && <NewTask onClose={() => setMaking(false)} />}
    </Page>
  );
}

function useTaskList({ search, states, team, tag, label }: TaskFilter) {
  const query = {
    search: search.trim().slice(0, longestWord) || undefined,
    state: states.join(",") || undefined,
    team: team || undefined,
    tag: tag || undefined,
    label: label || undefined,
    limit: pageRows,
  };
  const list = usePages<TaskRow>(
    `tasks ${JSON.stringify(query)}`,
    (after, signal) => call("GET /yard/v1/tasks", { query: { ...query, after } }, { signal }),
    ["tasks"],
  );
  // While one types, what was found before stays until something else is.
  const shown = useRef(list.rows);
  if (list.rows !== undefined || list.error !== undefined) shown.current = list.rows;
  return { ...list, rows: shown.current };
}
