/** Compares what was seen with what is there in the end. A plain computation: task-faults-check.test.ts shows that it finds each kind of fault. */
import type { Delivered, Ended, History } from "./history.ts";

export interface FinalTask {
  readonly uuid: string;
  readonly number: number;
  readonly labels: readonly string[];
  readonly state: string;
  readonly reporter: string | null;
  readonly upstream: string | null;
  readonly downstream: string | null;
  readonly result: { readonly waitStatus: number; readonly message: string | null } | null;
}

export interface FinalArtifact {
  readonly uuid: string;
  /** Of the content; undefined: none has arrived. */
  readonly sha256: string | undefined;
  readonly bytes: number;
}

export interface FinalState {
  readonly tasks: readonly FinalTask[];
  readonly artifacts: readonly FinalArtifact[];
  /** As the group says. */
  readonly taskCount: number;
  readonly storageUsed: number;
}

export type CheckedHistory = Omit<History, "count" | "counts">;

/** @returns what is wrong, one sentence each */
export function checkHistory(history: CheckedHistory, final: FinalState): string[] {
  const tasks = new Map(final.tasks.map((task) => [task.uuid, task]));
  const accepted = new Set(history.submits.map(({ uuid }) => uuid));
  return [
    ...history.faults,
    ...checkAccepted(history, tasks),
    ...checkNumbers(final),
    ...final.tasks.flatMap((task) => checkOrigin(task, { accepted, lostBatches: history.lostBatches, tasks })),
    ...checkEnds(history, tasks),
    ...checkFencing(history),
    ...checkContent(history, final, tasks),
  ];
}

/** A task that was submitted by a run whose worker was lost before it committed: the next run submits another, and this one is never ready. */
export function isOrphan(task: FinalTask, tasks: ReadonlyMap<string, FinalTask>): boolean {
  return task.state === "Pending" && task.upstream !== null && tasks.get(task.upstream)?.downstream !== task.uuid;
}

function checkAccepted({ submits }: CheckedHistory, tasks: ReadonlyMap<string, FinalTask>): string[] {
  return submits.flatMap(({ uuid, number, waitStatus }) => {
    const task = tasks.get(uuid);
    if (task === undefined) return [`${uuid} was accepted, and is lost`];
    const wrong: string[] = [];
    if (task.number !== number) wrong.push(`${uuid} was accepted as number ${number}, and is ${task.number}`);
    const isOther = waitStatus !== undefined && !isUserCancelled(task) && task.result?.waitStatus !== waitStatus;
    if (isOther && task.result) wrong.push(`${uuid} must end with ${waitStatus}, not with ${task.result.waitStatus}`);
    return wrong;
  });
}

function checkNumbers({ tasks, taskCount }: FinalState): string[] {
  const wrong: string[] = [];
  if (new Set(tasks.map(({ uuid }) => uuid)).size !== tasks.length) wrong.push("a task is listed twice");
  const numbers = tasks.map(({ number }) => number).sort((a, b) => a - b);
  const gap = numbers.findIndex((number, i) => number !== i + 1);
  if (gap !== -1) wrong.push(`the numbers are not 1, 2, 3 …: after ${gap} comes ${numbers[gap]}`);
  if (taskCount !== tasks.length) wrong.push(`the group counts ${taskCount} tasks, and has ${tasks.length}`);
  return wrong;
}

interface Known {
  readonly accepted: ReadonlySet<string>;
  readonly lostBatches: ReadonlySet<string>;
  readonly tasks: ReadonlyMap<string, FinalTask>;
}

/** It was submitted by somebody, and it is over. */
function checkOrigin(task: FinalTask, { accepted, lostBatches, tasks }: Known): string[] {
  if (isOrphan(task, tasks)) return [];
  const isSubmitted =
    accepted.has(task.uuid) ||
    task.labels.some((label) => lostBatches.has(label)) ||
    (task.upstream !== null && tasks.get(task.upstream)?.downstream === task.uuid);
  const wrong: string[] = [];
  if (!isSubmitted) wrong.push(`${task.uuid} is there, and nobody has submitted it`);
  if (task.result === null) wrong.push(`${task.uuid} has not ended: ${task.state} ${task.labels}`);
  return wrong;
}

function isUserCancelled(task: FinalTask): boolean {
  return task.result?.message === "UserCancellation";
}

/** At most one end was acknowledged of each task, and what is there is that one. */
function checkEnds(history: CheckedHistory, tasks: ReadonlyMap<string, FinalTask>): string[] {
  const ends = Map.groupBy(history.ends, ({ uuid }) => uuid);
  const cancels = Map.groupBy(history.cancels, ({ uuid }) => uuid);
  return [...tasks.values()].flatMap((task) => {
    const tries = ends.get(task.uuid) ?? [];
    const cancelsOf = cancels.get(task.uuid) ?? [];
    const taken = [...tries, ...cancelsOf].filter(({ outcome }) => outcome === "taken");
    if (taken.length > 1) return [`${task.uuid} was ended ${taken.length} times: ${JSON.stringify(taken)}`];
    if (task.result === null || !task.labels.includes("scripted")) return checkCancel(task, cancelsOf);
    const isThere = (outcome: string) =>
      isUserCancelled(task)
        ? cancelsOf.some((cancel) => cancel.outcome === outcome)
        : tries.some((end) => end.outcome === outcome && isEndOf(end, task));
    if (isThere("taken") || (taken.length === 0 && isThere("unknown"))) return [];
    if (isUserCancelled(task) && wentWithUpstream(task, tasks)) return [];
    return [`${task.uuid} ended otherwise than anybody was told: ${JSON.stringify({ task, tries, cancelsOf })}`];
  });
}

function checkCancel(task: FinalTask, cancels: CheckedHistory["cancels"]): string[] {
  const isTaken = cancels.some(({ outcome }) => outcome === "taken");
  if (isTaken && !isUserCancelled(task)) return [`${task.uuid} was cancelled, and ended otherwise`];
  if (isUserCancelled(task) && cancels.every(({ outcome }) => outcome === "refused"))
    return [`${task.uuid} was cancelled by nobody`];
  return [];
}

/** What waits for a task goes when that is cancelled. */
function wentWithUpstream({ upstream }: FinalTask, tasks: ReadonlyMap<string, FinalTask>): boolean {
  const found = upstream === null ? undefined : tasks.get(upstream);
  return found !== undefined && isUserCancelled(found);
}

function isEndOf(end: Ended, task: FinalTask): boolean {
  return end.worker === task.reporter && end.waitStatus === task.result?.waitStatus;
}

/** Nobody ends what was given to another since. */
function checkFencing({ deliveries, ends }: CheckedHistory): string[] {
  const byTask = Map.groupBy(deliveries, ({ uuid }) => uuid);
  return ends
    .filter(({ outcome }) => outcome === "taken")
    .flatMap((end) => {
      const others = (byTask.get(end.uuid) ?? []).filter((delivered) => isGivenAway(delivered, end));
      const own = (byTask.get(end.uuid) ?? []).filter(({ worker }) => worker === end.worker);
      if (own.length === 0) return [`${end.worker} has ended ${end.uuid}, which it was never given`];
      const since = others.find(({ askedAt }) => own.every((delivered) => delivered.at < askedAt));
      return since ? [`${end.worker} has ended ${end.uuid}, which ${since.worker} had by then`] : [];
    });
}

function isGivenAway(delivered: Delivered, end: Ended): boolean {
  return delivered.worker !== end.worker && delivered.at < end.sentAt;
}

/** What the worker that ended a task had stored is its content, and the group is charged for what is there. */
function checkContent(history: CheckedHistory, final: FinalState, tasks: ReadonlyMap<string, FinalTask>): string[] {
  const wrong: string[] = [];
  const stored = Map.groupBy(history.stored, ({ uuid }) => uuid);
  const content = new Map(final.artifacts.map((artifact) => [artifact.uuid, artifact.sha256]));
  for (const [uuid, all] of stored) {
    const reporter = tasks.get(uuid)?.reporter;
    const committed = all.filter(({ worker }) => worker === reporter);
    const sha256 = content.get(uuid);
    if (sha256 === undefined) wrong.push(`the content of ${uuid} was stored, and is lost`);
    else if (!all.some((one) => one.sha256 === sha256)) wrong.push(`the content of ${uuid} is nobody's`);
    else if (committed.length > 0 && !committed.some((one) => one.sha256 === sha256))
      wrong.push(`the content of ${uuid} is not what the worker had stored that ended it`);
  }
  const bytes = final.artifacts.reduce((sum, artifact) => sum + artifact.bytes, 0);
  if (final.storageUsed !== bytes) wrong.push(`the group is charged ${final.storageUsed} bytes, and has ${bytes}`);
  return wrong;
}
