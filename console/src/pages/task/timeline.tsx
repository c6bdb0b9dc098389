/** How far a task is, from its submit to its end. */
import type { ReactNode } from "react";
import { Link } from "wouter";
import { classNames } from "../../components/class-names.ts";
import { Ago } from "../../components/moments.tsx";
import { Panel } from "../../components/page.tsx";
import styles from "./task.module.css";
import { endText, stateOf, type Task } from "./use-task.ts";

interface Step {
  readonly title: string;
  readonly isReached: boolean;
  readonly detail: ReactNode;
}

export function TaskTimeline({ task }: { task: Task }) {
  return (
    <Panel title="How far it is">
      <ol className={styles.steps}>
        {stepsOf(task).map(({ title, isReached, detail }) => (
          <li key={title} className={classNames(styles.step, isReached && styles.reached)}>
            <strong>{title}</strong>
            <span>{detail}</span>
          </li>
        ))}
      </ol>
    </Panel>
  );
}

function stepsOf(task: Task): readonly Step[] {
  const { info, artifacts } = task;
  const state = stateOf(task);
  const changed = <Ago at={Date.parse(info.updated_at)} />;
  const ended = info.result !== null;
  const runs = state === "running";
  const upstream = info.upstream_task_uuid;
  const steps: Step[] = [
    {
      title: "Submitted",
      isReached: true,
      detail: (
        <>
          <Ago at={Date.parse(info.created_at)} /> by {info.creator_username}
        </>
      ),
    },
    {
      title: "Queued",
      isReached: state !== "pending",
      detail:
        upstream === null ? "for a worker that fits" : <TaskLink uuid={upstream}>when another task is over</TaskLink>,
    },
    {
      title: "Running",
      isReached: runs || info.reporter_uuid !== null,
      detail: runs ? <>reported {changed}</> : info.reporter_uuid && <>by worker {info.reporter_uuid.slice(0, 8)}</>,
    },
    {
      title: "Over",
      isReached: ended,
      detail: ended && (
        <>
          {changed}: {endText(task)}
          {artifacts.length > 0 && `, ${artifacts.length} artifacts`}
        </>
      ),
    },
  ];
  const next = info.downstream_task_uuid;
  if (next === null) return steps;
  return [...steps, { title: "Followed", isReached: ended, detail: <TaskLink uuid={next}>by another task</TaskLink> }];
}

function TaskLink({ uuid, children }: { uuid: string; children: ReactNode }) {
  return <Link href={`/tasks/${uuid}`}>{children}</Link>;
}
