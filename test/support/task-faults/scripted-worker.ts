/** A worker that does no work, and misbehaves: it reports twice, out of order and late, goes silent for longer than its lease, and dies in the middle of
 *  anything. What it was given and told goes into the history.
 *
 *  One kind takes a task at a time and reports in steps, as the protocol's first workers do; the other many at once, and ends them in one call. */
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { Call, Reply, YardCalls } from "./calls.ts";
import type { Chance } from "./chance.ts";
import type { History, Outcome } from "./history.ts";
import { group, tags, taskBody } from "./submitter.ts";

export interface ScriptedWorkerParts {
  readonly calls: YardCalls;
  /** Of the user whose worker it is. */
  readonly token: string;
  readonly history: History;
  readonly chance: Chance;
  readonly kind: "steps" | "batches";
  /** No more tasks are fetched. */
  readonly stopping: AbortSignal;
}

/** One registration: a worker that died or was removed comes back as another. */
interface Life {
  readonly worker: string;
  readonly token: string;
  /** Aborted: it is dead, whatever it was doing. */
  readonly death: AbortController;
}

interface Task {
  readonly id: number;
  readonly uuid: string;
  readonly spec: { readonly args: readonly string[] };
}

type Course = "straight" | "twice" | "disordered" | "frozen" | "dying";

const leaseMs = 3_000;
/** Of frozen ones; beyond the lease, and the sweep that finds out. */
const frozenMs = { least: leaseMs + 1_000, most: leaseMs + 4_000 };
const batchSize = 25;
const fetchWaitSeconds = 1;
const died = new Error("this worker is dead");
/** The yard says that it is none of its workers any more. */
class Removed extends Error {}
/** The answer to a fetch was lost: there may be tasks that the yard takes for delivered. */
class Unsure extends Error {}

export async function workScripted(parts: ScriptedWorkerParts): Promise<void> {
  while (!parts.stopping.aborted) {
    const life = await register(parts);
    try {
      await live(parts, life);
    } catch (error) {
      if (life.death.signal.aborted) parts.history.count("scripted workers that died");
      else if (error instanceof Removed) parts.history.count("scripted workers that were removed");
      else if (error instanceof Unsure) await leave(parts, life);
      else throw error;
    }
  }
}

/** As the protocol's first workers do, whose process ends then. */
async function leave({ calls, history }: ScriptedWorkerParts, { token }: Life): Promise<void> {
  await calls.ask({ method: "DELETE", path: "/workers", token });
  history.count("scripted workers that left, for a lost answer");
}

async function register({ calls, token }: ScriptedWorkerParts): Promise<Life> {
  const json = { tags: [tags.scripted], labels: [], groups: [group], lifetime: null, lease: `${leaseMs}ms` };
  const reply = await calls.expect<{ worker_id: string; token: string }>({
    ...{ method: "POST", path: "/workers", token, json },
  });
  return { worker: reply.worker_id, token: reply.token, death: new AbortController() };
}

async function live(parts: ScriptedWorkerParts, life: Life): Promise<void> {
  const { history, chance, kind, stopping, calls } = parts;
  while (!stopping.aborted) {
    const tasks = await fetchTasks(parts, life);
    if (tasks.length === 0) continue;
    const course = chooseCourse(chance);
    history.count(`deliveries worked on: ${course}`);
    if (kind === "batches") await endMany(parts, life, tasks, course);
    else for (const task of tasks) await endInSteps(parts, life, task, course);
  }
  await calls.ask({ method: "DELETE", path: "/workers", token: life.token });
}

function chooseCourse(chance: Chance): Course {
  if (chance.hits(0.08)) return "twice";
  if (chance.hits(0.05)) return "disordered";
  if (chance.hits(0.02)) return "dying";
  return chance.hits(0.01) ? "frozen" : "straight";
}

async function fetchTasks({ calls, history, kind }: ScriptedWorkerParts, life: Life): Promise<readonly Task[]> {
  const askedAt = performance.now();
  let isUnsure = false;
  const call: Call = {
    ...{ method: "GET", path: kind === "batches" ? `/workers/tasks?limit=${batchSize}` : "/workers/tasks" },
    ...{ token: life.token, headers: { prefer: `wait=${fetchWaitSeconds}` }, signal: life.death.signal },
  };
  const reply = await calls.ask(call, () => {
    isUnsure = true;
  });
  requireMember(reply);
  if (isUnsure) throw new Unsure();
  if (reply.status !== 200) {
    history.faults.push(`a fetch: ${reply.status} ${reply.text}`);
    return [];
  }
  const body: Task | { tasks: Task[] } | null = JSON.parse(reply.text);
  const tasks = body === null ? [] : "tasks" in body ? body.tasks : [body];
  const at = performance.now();
  for (const { uuid } of tasks) history.deliveries.push({ uuid, worker: life.worker, askedAt, at });
  return tasks;
}

function requireMember({ status }: Reply): void {
  if (status === 401) throw new Removed();
}

async function endInSteps(parts: ScriptedWorkerParts, life: Life, task: Task, course: Course): Promise<void> {
  const { chance } = parts;
  const step = createSteps(parts, life, task);
  const die = chance.oneOf(["running", "ended", "committing"] as const);
  if (course === "frozen") await freeze(parts);
  if (course === "dying" && die === "running") end(life);
  if (course === "disordered") await step.commit();
  if (!(await step.report(chance.hits(0.9) ? "Finish" : "Cancel"))) return;
  if (course === "dying" && die === "ended") end(life);
  if (course === "twice") await step.report("Finish");
  if (task.spec.args[0] === "store") await step.store();
  if (task.spec.args[0] === "submit") await step.report({ Submit: { ...taskBody("scripted", ["plain"], []) } });
  if (course === "dying") setTimeout(() => life.death.abort(died), chance.between(0, 5));
  if (course === "twice") await Promise.all([step.commit(), step.commit()]);
  else await step.commit();
  if (course === "disordered") await step.report("Finish");
}

/** SIGKILL: nothing is told to anybody. */
function end({ death }: Life): never {
  death.abort(died);
  throw died;
}

/** SIGSTOP, SIGCONT: it goes on as if no time had passed. */
async function freeze({ chance }: ScriptedWorkerParts): Promise<void> {
  await sleep(chance.between(frozenMs.least, frozenMs.most));
}

function createSteps({ calls, history, chance }: ScriptedWorkerParts, life: Life, task: Task) {
  const { worker, token, death } = life;
  const waitStatus = chance.between(0, 255) * 256;

  /** Whether it is still this worker's. */
  async function report(op: unknown, onUnknown?: () => void): Promise<Reply | undefined> {
    const json = { id: task.id, op };
    const call = { method: "POST", path: "/workers/tasks", token, json, signal: death.signal } as const;
    const reply = await calls.ask(call, onUnknown);
    requireMember(reply);
    if (reply.status === 200) return reply;
    if (reply.status !== 404) history.faults.push(`${JSON.stringify(op)}: ${reply.status} ${reply.text}`);
    return undefined;
  }

  async function commit(): Promise<void> {
    const sentAt = performance.now();
    const add = (outcome: Outcome) => history.ends.push({ uuid: task.uuid, worker, waitStatus, sentAt, outcome });
    const json = { id: task.id, op: { Commit: { exit_status: waitStatus, msg: null } } };
    const call = { method: "POST", path: "/workers/tasks", token, json, signal: death.signal } as const;
    const reply = await calls
      .ask(call, () => add("unknown"))
      .catch((error) => {
        add("unknown");
        throw error;
      });
    if (![200, 400, 401, 404].includes(reply.status)) history.faults.push(`a commit: ${reply.status} ${reply.text}`);
    add(reply.status === 200 ? "taken" : "refused");
    requireMember(reply);
  }

  async function store(): Promise<void> {
    const content = Buffer.from(`${task.uuid} ${worker}\n`.repeat(chance.between(0, 400)));
    const sha256 = createHash("sha256").update(content).digest("hex");
    const reply = await report({ Upload: { content_type: "result", content_length: content.length } });
    if (reply === undefined) return;
    const { url }: { url: string } = JSON.parse(reply.text);
    const put = await calls.files.upload({
      ...{ url, content: Readable.from([content]), bytes: content.length },
      signal: AbortSignal.any([death.signal, AbortSignal.timeout(30_000)]),
    });
    if (put.status < 300) history.stored.push({ uuid: task.uuid, worker, sha256 });
    else history.faults.push(`storing ${content.length} bytes: ${put.status} ${put.text}`);
  }

  return { report, commit, store };
}

/** All in one call, and none but whole. */
async function endMany(parts: ScriptedWorkerParts, life: Life, tasks: readonly Task[], course: Course): Promise<void> {
  const { chance } = parts;
  if (course === "frozen") await freeze(parts);
  if (course === "dying" && chance.hits(0.5)) end(life);
  if (course === "dying") setTimeout(() => life.death.abort(died), chance.between(0, 5));
  const ends = tasks.map((task) => ({ task, waitStatus: chance.between(0, 255) * 256 }));
  const ordered = course === "disordered" ? chance.shuffled([...ends, ...ends]) : ends;
  if (course === "twice") await Promise.all([reportEnds(parts, life, ordered), reportEnds(parts, life, ordered)]);
  else await reportEnds(parts, life, ordered);
}

interface PlannedEnd {
  readonly task: Task;
  readonly waitStatus: number;
}

async function reportEnds(
  { calls, history }: ScriptedWorkerParts,
  { worker, token, death }: Life,
  ends: readonly PlannedEnd[],
): Promise<void> {
  const sentAt = performance.now();
  const addAll = (outcomeOf: (i: number) => Outcome) => {
    for (const [i, { task, waitStatus }] of ends.entries())
      history.ends.push({ uuid: task.uuid, worker, waitStatus, sentAt, outcome: outcomeOf(i) });
  };
  const reports = ends.map(({ task, waitStatus }) => ({
    ...{ id: task.id, op: { End: { state: "Finished", exit_status: waitStatus, msg: null } } },
  }));
  const call = { method: "POST", path: "/workers/tasks", token, json: { reports }, signal: death.signal } as const;
  const reply = await calls
    .ask(call, () => addAll(() => "unknown"))
    .catch((error) => {
      addAll(() => "unknown");
      throw error;
    });
  requireMember(reply);
  if (reply.status !== 200) {
    history.faults.push(`reports: ${reply.status} ${reply.text}`);
    return addAll(() => "unknown");
  }
  const { results }: { results: { error?: { status: number; msg: string } }[] } = JSON.parse(reply.text);
  for (const { error } of results)
    if (error && error.status !== 404) history.faults.push(`a report: ${error.status} ${error.msg}`);
  addAll((i) => (results[i]?.error === undefined ? "taken" : "refused"));
}
