/** What is there when all is over, read through the API alone. */
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { YardCalls } from "./calls.ts";
import { type FinalArtifact, type FinalState, type FinalTask, isOrphan } from "./check.ts";
import { group } from "./submitter.ts";

interface WireTask {
  readonly uuid: string;
  readonly task_id: number;
  readonly labels: readonly string[];
  readonly state: string;
  readonly reporter_uuid: string | null;
  readonly upstream_task_uuid: string | null;
  readonly downstream_task_uuid: string | null;
  readonly result: { readonly exit_status: number; readonly msg: string | null } | null;
}

const pageSize = 5_000;
const downloadsAtOnce = 8;

/** Waits until everything that can end has ended, `timeoutMs` at most. @returns all tasks, also those that have not */
export async function allEnded(calls: YardCalls, token: string, timeoutMs: number): Promise<readonly FinalTask[]> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const json = { group_name: group, states: ["Ready", "Running"], count: true };
    const open = await calls.expect<{ count: number }>({ method: "POST", path: "/tasks/query", token, json });
    const isLate = performance.now() > deadline;
    if (open.count === 0 || isLate) {
      const tasks = await readTasks(calls, token);
      const byUuid = new Map(tasks.map((task) => [task.uuid, task]));
      if (isLate || tasks.every((task) => task.result !== null || isOrphan(task, byUuid))) return tasks;
    }
    await sleep(300);
  }
}

async function readTasks(calls: YardCalls, token: string): Promise<FinalTask[]> {
  const tasks: FinalTask[] = [];
  for (;;) {
    const json = { group_name: group, limit: pageSize, offset: tasks.length };
    const page = await calls.expect<{ tasks: WireTask[] }>({ method: "POST", path: "/tasks/query", token, json });
    tasks.push(...page.tasks.map(asFinal));
    if (page.tasks.length < pageSize) return tasks;
  }
}

function asFinal(wire: WireTask): FinalTask {
  const { uuid, task_id: number, labels, state, reporter_uuid: reporter, result } = wire;
  return {
    ...{ uuid, number, labels, state, reporter },
    ...{ upstream: wire.upstream_task_uuid, downstream: wire.downstream_task_uuid },
    result: result && { waitStatus: result.exit_status, message: result.msg },
  };
}

export async function readFinalState(
  calls: YardCalls,
  token: string,
  tasks: readonly FinalTask[],
): Promise<FinalState> {
  const json = { group_name: group, content_type: "result" };
  const listed = await calls.expect<{ downloads: { uuid: string; url: string }[] }>({
    ...{ method: "POST", path: "/tasks/download/artifacts", token, json },
  });
  const artifacts: FinalArtifact[] = [];
  for (let from = 0; from < listed.downloads.length; from += downloadsAtOnce) {
    const some = listed.downloads.slice(from, from + downloadsAtOnce);
    artifacts.push(...(await Promise.all(some.map(({ uuid, url }) => download(calls, uuid, url)))));
  }
  const { task_count: taskCount, storage_used: storageUsed } = await calls.expect<{
    task_count: number;
    storage_used: number;
  }>({ method: "GET", path: `/groups/${group}`, token });
  return { tasks, artifacts, taskCount, storageUsed };
}

async function download(calls: YardCalls, uuid: string, url: string): Promise<FinalArtifact> {
  const response = await calls.files.download({ url, signal: AbortSignal.timeout(30_000) });
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  if (response.statusCode === 404) return { uuid, sha256: undefined, bytes: 0 };
  if (response.statusCode !== 200) throw new Error(`the content of ${uuid}: ${response.statusCode}`);
  return { uuid, sha256: hash.digest("hex"), bytes };
}
