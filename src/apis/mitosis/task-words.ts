/** Between Mitosis' words for tasks and the domain's. */
import type { Static } from "typebox";
import { YardError } from "../../platform/errors.ts";
import {
  type ArtifactKind,
  artifactKinds,
  type Comparison,
  type NewTask,
  type Page,
  type Resource,
  resultReasons,
  runPhases,
  type TaskSpec as Spec,
  type Task,
  type TaskChanges,
  type TaskFilter,
  type TaskResult,
  type TeamRef,
  taskStates,
} from "../../tasks/task.ts";
import { limits } from "../../tasks/task-limits.ts";
import type { ClaimedTask } from "../../tasks/workers.ts";
import { durationToWire, secondsFromWire } from "./durations.ts";
import { comparisonFromWire as exitComparisonFromWire, exitStatusToWire } from "./exit-status.ts";
import type { Reading } from "./quirks.ts";
import { uuidFromWire } from "./schemas.ts";
import type { ChangeRequest, SubmitRequest, TaskFilterFields, TaskSpec } from "./task-schemas.ts";
import { timeToWire } from "./times.ts";
import { createVocabulary } from "./vocabulary.ts";

export const execStates = createVocabulary(runPhases);
export const resultMessages = createVocabulary(resultReasons);
const storedStates = createVocabulary(taskStates);

/** `Unknown` is a state that no task has. */
export const states = { accepted: [...storedStates.wire, "Unknown"] } as const;

type WireState = (typeof states.accepted)[number];

/** Every spelling that clients send, with what it means. */
const artifactSpellings = {
  result: ["result", "Result", "RESULT"],
  "exec-log": ["exec-log", "exec", "Exec", "EXEC", "execlog", "Execlog", "ExecLog", "EXECLOG"],
  "std-log": [
    ...["std-log", "std", "Std", "STD", "stdlog", "Stdlog", "STDLOG"],
    ...["terminal", "Terminal", "TERMINAL"],
  ],
} as const satisfies Record<ArtifactKind, readonly string[]>;
type ArtifactSpelling = (typeof artifactSpellings)[ArtifactKind][number];

export const artifactTypes = {
  wire: [...artifactKinds],
  accepted: Object.values(artifactSpellings).flat() as ArtifactSpelling[],
  fromWire: (spelling: ArtifactSpelling): ArtifactKind =>
    artifactKinds.find((kind) => (artifactSpellings[kind] as readonly string[]).includes(spelling))!,
};

export function taskFromWire(wire: SubmitRequest, team: TeamRef): NewTask {
  return {
    team,
    tags: unique(wire.tags),
    labels: unique(wire.labels),
    timeoutSeconds: secondsFromWire(wire.timeout, "timeout"),
    priority: wire.priority,
    spec: specFromWire(wire.task_spec),
  };
}

/** @throws {YardError} invalid, if nothing is to be changed */
export function changesFromWire(wire: Static<typeof ChangeRequest>): TaskChanges {
  const { tags, timeout, priority, task_spec: spec } = wire;
  if (tags == null && timeout == null && priority == null && spec == null)
    throw new YardError("invalid", "Nothing is to be changed: give tags, timeout, priority or task_spec.");
  return {
    ...(tags != null && { tags: unique(tags) }),
    ...(timeout != null && { timeoutSeconds: secondsFromWire(timeout, "timeout") }),
    ...(priority != null && { priority }),
    ...(spec != null && { spec: specFromWire(spec) }),
  };
}

function specFromWire(wire: Static<typeof TaskSpec>): Spec {
  return {
    argv: wire.args,
    env: wire.envs ?? {},
    resources: (wire.resources ?? []).map(resourceFromWire),
    keepsOutput: wire.terminal_output ?? false,
    watch: wire.watch ? { taskUuid: uuidFromWire(wire.watch[0]), phase: execStates.fromWire(wire.watch[1]) } : null,
  };
}

type WireResource = NonNullable<Static<typeof TaskSpec>["resources"]>[number];

function resourceFromWire({ remote_file: file, local_path: path }: WireResource): Resource {
  if ("Attachment" in file) return { from: { kind: "attachment", key: file.Attachment.key }, path };
  const { uuid, content_type: type } = file.Artifact;
  return { from: { kind: "artifact", taskUuid: uuidFromWire(uuid), artifact: artifactTypes.fromWire(type) }, path };
}

export function specToWire(spec: Spec) {
  return {
    args: [...spec.argv],
    envs: spec.env,
    resources: spec.resources.map(resourceToWire),
    terminal_output: spec.keepsOutput,
    watch: spec.watch && ([spec.watch.taskUuid, execStates.toWire(spec.watch.phase)] as [string, WirePhase]),
  };
}

type WirePhase = ReturnType<typeof execStates.toWire>;

function resourceToWire({ from, path }: Resource): WireResource {
  if (from.kind === "attachment") return { remote_file: { Attachment: { key: from.key } }, local_path: path };
  return { remote_file: { Artifact: { uuid: from.taskUuid, content_type: from.artifact } }, local_path: path };
}

export function taskToWire(task: Task, reading: Reading) {
  return {
    uuid: task.uuid,
    reporter_uuid: task.reporterUuid,
    creator_username: task.creator.username,
    group_name: task.team.name,
    task_id: task.number,
    tags: [...task.tags],
    labels: [...task.labels],
    created_at: timeToWire(task.createdAt, reading),
    updated_at: timeToWire(task.updatedAt, reading),
    state: storedStates.toWire(task.state),
    timeout: task.timeoutSeconds,
    priority: task.priority,
    spec: specToWire(task.spec),
    result: task.result && resultToWire(task.result, reading),
    upstream_task_uuid: task.upstreamUuid,
    downstream_task_uuid: task.downstreamUuid,
  };
}

function resultToWire({ waitStatus, reason }: TaskResult, reading: Reading) {
  return { exit_status: exitStatusToWire(waitStatus, reading), msg: reason && resultMessages.toWire(reason) };
}

export function claimedToWire(task: ClaimedTask) {
  return {
    id: task.id,
    uuid: task.uuid,
    timeout: durationToWire(task.timeoutSeconds),
    upstream_task_uuid: task.upstreamUuid,
    spec: specToWire(task.spec),
  };
}

/** @throws {YardError} invalid: an empty list, which nothing could match, or a comparison that is none */
export function filterFromWire(wire: TaskFilterFields, team: TeamRef, reading: Reading): TaskFilter {
  return {
    team,
    creators: listFromWire(wire.creator_usernames, "creator_usernames"),
    tags: listFromWire(wire.tags, "tags"),
    labels: listFromWire(wire.labels, "labels"),
    states: statesFromWire(wire.states),
    waitStatus: exitComparisonFromWire(comparisonFromWire(wire.exit_status, "exit_status"), reading),
    priority: comparisonFromWire(wire.priority, "priority"),
    reporterUuid: wire.reporter_uuid ? uuidFromWire(wire.reporter_uuid) : undefined,
  };
}

/** Whether only a state that no task has is asked for. */
export function matchesNothing({ states }: TaskFilter): boolean {
  return states?.length === 0;
}

function statesFromWire(wire: readonly WireState[] | null | undefined): TaskFilter["states"] {
  return listFromWire(wire, "states")?.flatMap((state) => (state === "Unknown" ? [] : [storedStates.fromWire(state)]));
}

function listFromWire<Item extends string>(
  wire: readonly Item[] | null | undefined,
  field: string,
): readonly Item[] | undefined {
  return wire == null ? undefined : requireItems(wire, field);
}

/** @throws {YardError} invalid, for an empty list */
export function requireItems<Item extends string>(items: readonly Item[], field: string): Item[] {
  if (items.length === 0) throw new YardError("invalid", "must not be empty", { field });
  return unique(items);
}

function comparisonFromWire(wire: string | null | undefined, field: string): TaskFilter["priority"] {
  if (wire == null) return undefined;
  const [, is = "=", digits] = /^(=|!=|<=?|>=?)?([+-]?\d{1,10})$/.exec(wire) ?? [];
  const value = Number(digits);
  if (digits === undefined || value !== (value | 0))
    throw new YardError("invalid", "must be a 32-bit number, with =, !=, <, <=, > or >= before it if need be", {
      field,
    });
  return { is: is as Comparison, value };
}

/** What is a set on this wire keeps the order in which it was sent. */
export function unique<Item>(items: readonly Item[]): Item[] {
  return [...new Set(items)];
}

export function pageFromWire({ limit, offset }: { limit?: number | null; offset?: number | null }): Required<Page> {
  return { limit: Math.min(limit ?? limits.listed, limits.listed), offset: offset ?? 0 };
}

/** @throws {YardError} invalid: there are none */
export function uuidsFromWire(uuids: readonly string[]): string[] {
  return requireItems(uuids.map(uuidFromWire), "uuids");
}
