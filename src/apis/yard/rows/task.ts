/** A task as a row. */
import { type Static, Type } from "typebox";
import { phaseOf, taskPhases } from "../../../tasks/browse.ts";
import type { Task } from "../../../tasks/task.ts";
import { beginningOf, Moment, OptionalInteger, OptionalText } from "./texts.ts";

export const TaskRow = Type.Object({
  id: Type.String({ description: "A uuid" }),
  number: Type.Integer({ description: "Counts the tasks of its team" }),
  team: Type.String(),
  creator: Type.String(),
  state: Type.Enum([...taskPhases]),
  command: Type.String(),
  tags: Type.Array(Type.String()),
  labels: Type.Array(Type.String()),
  priority: Type.Integer(),
  attempts: Type.Integer(),
  exitCode: OptionalInteger,
  signal: OptionalInteger,
  reason: OptionalText,
  worker: OptionalText,
  createdAt: Moment,
  updatedAt: Type.Integer({ description: "Of one that is over, its end" }),
});
export type TaskRow = Static<typeof TaskRow>;

export function taskRow(task: Task): TaskRow {
  const { result } = task;
  // As `waitpid` gives it.
  const status = result?.waitStatus;
  const signal = status === undefined ? 0 : status & 0x7f;
  return {
    ...{ id: task.uuid, number: task.number, team: task.team.name, creator: task.creator.username },
    ...{ state: phaseOf(task), command: commandOf(task) },
    ...{ tags: [...task.tags], labels: [...task.labels], priority: task.priority, attempts: task.attempts },
    exitCode: status !== undefined && signal === 0 ? status >> 8 : null,
    signal: signal === 0 ? null : signal,
    reason: result?.reason ?? null,
    worker: task.workerUuid ?? task.reporterUuid,
    ...{ createdAt: task.createdAt, updatedAt: task.updatedAt },
  };
}

export function commandOf({ spec }: Pick<Task, "spec">): string {
  return beginningOf(spec.argv.join(" "), 200);
}

export function textsOfTask(task: Task) {
  const { uuid, number, team, creator, tags, labels, spec } = task;
  return [uuid, `#${number}`, team.name, creator.username, phaseOf(task), spec.argv.join(" "), tags, labels];
}
