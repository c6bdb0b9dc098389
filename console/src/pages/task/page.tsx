/** One task: how far it is, what it printed, what it is, and what it has left. */
import { call } from "../../api/call.ts";
import { CallError } from "../../api/call-error.ts";
import { useMay } from "../../api/use-self.ts";
import { Button, LinkButton } from "../../components/button.tsx";
import { confirm } from "../../components/confirm.tsx";
import { Empty, Failed, Loading } from "../../components/empty.tsx";
import { Page } from "../../components/page.tsx";
import { Status } from "../../components/status.tsx";
import { tell } from "../../components/toasts.tsx";
import { useAction } from "../../components/use-action.ts";
import type { PageProps } from "../../routes.ts";
import { toneOf } from "../tasks/task-row.ts";
import { TaskArtifacts } from "./artifacts.tsx";
import { TaskOutput } from "./output.tsx";
import { TaskSpec } from "./spec.tsx";
import { TaskTimeline } from "./timeline.tsx";
import { hasEnded, stateOf, type Task, useTask } from "./use-task.ts";

export default function TaskPage({ params: { id = "" } }: PageProps) {
  const task = useTask(id);
  if (task.error instanceof CallError && task.error.status === 404) return <Gone id={id} />;
  if (!task.data)
    return task.error === undefined ? (
      <Loading what="the task" />
    ) : (
      <Failed isWholePage what="The task cannot be shown" error={task.error} retry={task.reload} />
    );
  const { info } = task.data;
  const state = stateOf(task.data);
  return (
    <Page
      title={`Task #${info.task_id}`}
      badge={<Status tone={toneOf[state]}>{state}</Status>}
      subtitle={<code>{info.spec.args.join(" ")}</code>}
      actions={<TaskActions task={task.data} changed={task.reload} />}
    >
      <TaskTimeline task={task.data} />
      <TaskOutput task={task.data} />
      <TaskSpec task={task.data} changed={task.reload} />
      <TaskArtifacts task={task.data} changed={task.reload} />
    </Page>
  );
}

function TaskActions({ task, changed }: { task: Task; changed: () => void }) {
  const { uuid, task_id } = task.info;
  const [busy, run] = useAction();
  const mayControl = useMay("tasks.control");
  if (!mayControl || hasEnded(task)) return null;
  async function cancel(): Promise<void> {
    const lost =
      stateOf(task) === "running"
        ? "It runs: its command is killed, and what it would have left is not kept."
        : "It will never run.";
    if (!(await confirm({ title: `Cancel task #${task_id}?`, lost, action: "Cancel the task" }))) return;
    await call("DELETE /tasks/{uuid}", { path: { uuid } });
    tell(`Cancelled task #${task_id}`);
    changed();
  }
  return (
    <Button busy={busy} onClick={() => run(`Could not cancel task #${task_id}`, cancel)}>
      Cancel…
    </Button>
  );
}

function Gone({ id }: { id: string }) {
  return (
    <Empty isWholePage title={`There is no task “${id}”`} actions={<LinkButton href="/tasks">All tasks</LinkButton>}>
      It was never submitted, is forgotten, or is of a team that you are not in.
    </Empty>
  );
}
