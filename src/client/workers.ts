/** The calls behind `runyard worker ls`, `drain` and `rm`: the workers of a group. */
import { discard, readJson, type YardClient } from "./http.ts";
import { asObject, type JsonObject, optionalTextField, textField } from "./json.ts";
import { textsIn, timeIn } from "./tasks.ts";

export interface WorkerSeen {
  readonly json: JsonObject;
  readonly uuid: string;
  readonly creator: string;
  readonly tags: readonly string[];
  readonly labels: readonly string[];
  /** It gets no more tasks, and goes when it has none. */
  readonly isDraining: boolean;
  readonly lastHeardAt: Date;
  readonly createdAt: Date;
  /** UUID of its task; of several the first. */
  readonly task?: string;
}

export interface WorkerFilter {
  /** Default: the user's own. */
  readonly group?: string;
  /** It has all of them. */
  readonly tags?: readonly string[];
  readonly labels?: readonly string[];
}

export async function listWorkers(client: YardClient, { group, tags, labels }: WorkerFilter): Promise<WorkerSeen[]> {
  const json = { group_name: group, tags, labels };
  const response = await client.request({ method: "POST", path: "/workers/query", json });
  const { workers } = asObject(await readJson(response), "the answer");
  if (!Array.isArray(workers)) throw new TypeError("the list of workers is no array");
  return workers.map((worker) => seenIn(asObject(worker, "a worker")));
}

/** @param options.force at once: its tasks are ready again. Else once it has none. @throws {YardError} not_found, forbidden */
export async function shutDownWorker(client: YardClient, uuid: string, { force }: { force: boolean }): Promise<void> {
  const query = { op: force ? "force" : "graceful" };
  await discard(await client.request({ method: "DELETE", path: `/workers/${encodeURIComponent(uuid)}`, query }));
}

function seenIn(json: JsonObject): WorkerSeen {
  return {
    json,
    uuid: textField(json, "worker_id"),
    creator: textField(json, "creator_username"),
    tags: textsIn(json, "tags"),
    labels: textsIn(json, "labels"),
    isDraining: textField(json, "state") === "GracefulShutdown",
    lastHeardAt: timeIn(json, "last_heartbeat"),
    createdAt: timeIn(json, "created_at"),
    task: json.assigned_task_id === null ? undefined : optionalTextField(json, "assigned_task_id"),
  };
}
