/** A coordinator that knows the worker protocol and none of our extensions to it, as strict as a worker of other make would need it: who fetches before
 *  the commit, reports out of order or sends a User-Agent is found out. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

export interface ReferenceTask {
  readonly args: readonly string[];
  readonly spec?: object;
  readonly timeout?: string;
}

export interface ReferenceCoordinator extends AsyncDisposable {
  readonly url: string;
  /** What was asked, as `POST /workers/tasks Finish`. */
  readonly calls: readonly string[];
  /** What no worker may do, and one has done. */
  readonly faults: readonly string[];
  readonly uploads: ReadonlyMap<string, Buffer>;
  readonly results: ReadonlyMap<
    number,
    { readonly state: string; readonly exit_status: number; readonly msg: string | null }
  >;
  submit(task: ReferenceTask): number;
  /** Workers known so far are removed. */
  removeAll(): void;
  /** Uploads are over quota. */
  refuseUploads: boolean;
  /** Nobody listens for a while. */
  goAway(): Promise<void>;
  comeBack(): Promise<void>;
}

interface Held {
  readonly id: number;
  readonly token: string;
  state: "Running" | "Finished" | "Cancelled" | "over";
}

export async function startReferenceCoordinator(): Promise<ReferenceCoordinator> {
  const calls: string[] = [];
  const faults: string[] = [];
  const uploads = new Map<string, Buffer>();
  const results = new Map<number, { state: string; exit_status: number; msg: string | null }>();
  const waiting: { id: number; task: ReferenceTask }[] = [];
  const held = new Map<number, Held>();
  const workers = new Set<string>();
  let count = 0;
  let port = 0;
  let server: Server;

  const reply = (response: ServerResponse, status: number, body?: unknown): ServerResponse =>
    response
      .writeHead(status, { "content-type": "application/json" })
      .end(body === undefined ? "" : JSON.stringify(body));

  function fetchTask(token: string, response: ServerResponse): ServerResponse {
    if ([...held.values()].some((one) => one.token === token && one.state !== "over"))
      faults.push("fetched before the commit");
    const next = waiting.shift();
    if (!next) return reply(response, 200, null);
    held.set(next.id, { id: next.id, token, state: "Running" });
    const { args, spec, timeout = "1m 5s" } = next.task;
    const uuid = `00000000-0000-4000-8000-${String(next.id).padStart(12, "0")}`;
    const whole = { args, envs: {}, resources: [], terminal_output: false, watch: null, ...spec };
    return reply(response, 200, { id: next.id, uuid, timeout, upstream_task_uuid: null, spec: whole });
  }

  function report(token: string, body: { id: number; op: unknown }, response: ServerResponse): ServerResponse {
    const task = held.get(body.id);
    if (!task || task.token !== token || task.state === "over") return reply(response, 404, { msg: "not yours" });
    const { op } = body;
    if (op === "Finish" || op === "Cancel") {
      task.state = op === "Finish" ? "Finished" : "Cancelled";
      return reply(response, 200, { url: null });
    }
    const [[kind, value]] = Object.entries(op as object) as [[string, Record<string, unknown>]];
    if (kind === "Upload") {
      if (coordinator.refuseUploads) return reply(response, 403, { msg: "over quota" });
      return reply(response, 200, {
        url: `${coordinator.url}/storage/${body.id}/${value.content_type}/${value.content_length}`,
      });
    }
    if (task.state === "Running") return reply(response, 400, { msg: "not ended yet" });
    if (kind === "Commit") {
      results.set(body.id, { state: task.state, ...(value as { exit_status: number; msg: string | null }) });
      task.state = "over";
    } else if (kind !== "Submit") return reply(response, 422, { msg: `unknown op ${kind}` });
    return reply(response, 200, { url: null });
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<ServerResponse> {
    const body = await buffer(request);
    const path = request.url ?? "";
    const token = (request.headers.authorization ?? "").replace("Bearer ", "");
    if (path.startsWith("/storage/")) {
      const length = path.split("/").at(-1);
      if (request.headers["content-length"] !== length || body.length !== Number(length)) faults.push("another length");
      if (request.headers.authorization || request.headers["content-type"]) faults.push("headers on an upload");
      uploads.set(path.split("/").slice(2, 4).join("/"), body);
      return reply(response, 200);
    }
    if (request.headers["user-agent"] !== undefined) faults.push("a User-Agent");
    if (path.includes("?") || (request.headers.prefer ?? "wait=0") !== "wait=0") faults.push(`an extension: ${path}`);
    const json = body.length > 0 ? JSON.parse(body.toString()) : undefined;
    const op = json?.op && (typeof json.op === "string" ? json.op : Object.keys(json.op)[0]);
    calls.push([`${request.method} ${path}`, op].filter(Boolean).join(" "));
    if (path === "/auth") return reply(response, 401, { msg: "no" });
    if (path === "/login") {
      if (!Array.isArray(json.md5_password) || json.md5_password.length !== 16) faults.push("no MD5");
      return reply(response, 200, { token: "dXNlcg==" });
    }
    if (path === "/workers" && request.method === "POST") {
      const worker = `worker-${++count}`;
      workers.add(worker);
      return reply(response, 200, { worker_id: worker, token: worker, redis_url: null });
    }
    if (!workers.has(token)) return reply(response, 401, { msg: "removed" });
    if (path === "/workers/heartbeat") return reply(response, 200, null);
    if (path === "/workers" && request.method === "DELETE") {
      workers.delete(token);
      return reply(response, 200, null);
    }
    if (path === "/workers/tasks" && request.method === "GET") return fetchTask(token, response);
    if (path === "/workers/tasks") return report(token, json, response);
    return reply(response, 404, { msg: "nothing here" });
  }

  async function listen(): Promise<void> {
    server = createServer((request, response) => void answer(request, response));
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    port = (server.address() as AddressInfo).port;
  }

  async function close(): Promise<void> {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }

  await listen();
  let tasks = 0;
  const coordinator: ReferenceCoordinator = {
    ...{ calls, faults, uploads, results },
    url: `http://127.0.0.1:${port}`,
    refuseUploads: false,
    submit(task) {
      waiting.push({ id: ++tasks, task });
      return tasks;
    },
    removeAll: () => workers.clear(),
    goAway: close,
    comeBack: listen,
    [Symbol.asyncDispose]: close,
  };
  return coordinator;
}
