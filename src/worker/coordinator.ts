/** The calls of the worker protocol. All but `fetch` are tried until they are answered. What only our own coordinator knows is `news`, `fetchMany` and
 *  `reportMany`: for one that has shown that it is ours. */
import { createHash } from "node:crypto";
import { isYardError, type YardError } from "../platform/errors.ts";
import type { Log } from "../platform/log.ts";
import type { CoordinatorHttp } from "./http.ts";
import { createInsist, refusal } from "./insist.ts";
import {
  Download,
  type FetchedTask,
  FetchManyReply,
  FetchReply,
  HeartbeatReply,
  LoginReply,
  type News,
  PrintedReply,
  parser,
  Registered,
  ReportManyReply,
  type ReportOp,
  ReportReply,
  TaskInfo,
} from "./wire.ts";

export interface Registration {
  readonly tags: readonly string[];
  readonly labels: readonly string[];
  /** `name` or `name:role`. */
  readonly groups: readonly string[];
  /** A duration; null is the coordinator's own default. */
  readonly lifetime: string | null;
  /** A duration: how long a silent worker is kept. */
  readonly lease: string;
}

export interface Coordinator {
  /** Whose token it is; undefined if it is not good. */
  userOf(token: string, signal: AbortSignal): Promise<string | undefined>;
  /** Leaves the user's other logins alone. @returns a token @throws {YardError} unauthenticated, forbidden */
  logIn(username: string, password: string, signal: AbortSignal): Promise<string>;
  /** @throws {YardError} unauthenticated, forbidden */
  register(userToken: string, registration: Registration, signal: AbortSignal): Promise<Registered>;
  asWorker(token: string): WorkerCalls;
}

export interface Report {
  readonly id: number;
  readonly op: ReportOp;
}

/** Where to put an artifact, for an `Upload`. */
export type ReportOutcome = string | null;

/** Some bytes of what a task has printed, each from its position on. */
export type PrintedEnds = Partial<
  Record<"stdout" | "stderr", { readonly position: number; readonly bytes: Uint8Array }>
>;

/** Each throws `unauthenticated` when the worker is removed. */
export interface WorkerCalls {
  /** @returns whether it is one of ours, which knows the extensions */
  heartbeat(signal: AbortSignal): Promise<boolean>;
  /** Waits for something to tell, `waitMs` at most. */
  news(options: {
    readonly holds: readonly string[];
    /** Whose output is being sent. */
    readonly sends: readonly string[];
    readonly waitMs: number;
    readonly signal: AbortSignal;
  }): Promise<News>;
  /** One try. @returns whether somebody still looks at it */
  sendOutput(uuid: string, printed: PrintedEnds, signal: AbortSignal): Promise<boolean>;
  /** One try, for it is not known what became of one that was sent and not answered.
   *  @throws {YardError} also unavailable: it was not sent; interrupted, timeout, internal */
  fetch(signal: AbortSignal): Promise<FetchedTask | undefined>;
  /** Waits until there is one. A task whose delivery fails is taken back by the coordinator. */
  fetchMany(options: {
    readonly limit: number;
    readonly waitMs: number;
    readonly signal: AbortSignal;
  }): Promise<readonly FetchedTask[]>;
  /** @throws {YardError} not_found: the task is not this worker's any more; forbidden, invalid, … */
  report(report: Report, signal: AbortSignal): Promise<ReportOutcome>;
  reportMany(reports: readonly Report[], signal: AbortSignal): Promise<readonly (ReportOutcome | YardError)[]>;
  taskInfo(uuid: string, signal: AbortSignal): Promise<TaskInfo>;
  artifact(uuid: string, type: string, signal: AbortSignal): Promise<Download>;
  /** Of the group of the task that the worker has. */
  attachment(taskUuid: string, key: string, signal: AbortSignal): Promise<Download>;
  /** One try. */
  unregister(options: { readonly timeoutMs: number }): Promise<void>;
}

const parse = {
  login: parser(LoginReply, "a login's"),
  registered: parser(Registered, "a registration's"),
  heartbeat: parser(HeartbeatReply, "a heartbeat's"),
  fetch: parser(FetchReply, "a task"),
  fetchMany: parser(FetchManyReply, "a list of tasks"),
  report: parser(ReportReply, "a report's"),
  reportMany: parser(ReportManyReply, "that of many reports"),
  taskInfo: parser(TaskInfo, "what is known of a task"),
  download: parser(Download, "a place to download from"),
  printed: parser(PrintedReply, "whether anybody looks"),
};

/** Beyond a wait that was asked for. */
const answerMs = 15_000;

export function createCoordinator({
  http,
  log,
}: {
  http: CoordinatorHttp;
  log: Pick<Log, "info" | "warn">;
}): Coordinator {
  const insist = createInsist(http, log);
  const held = (waitMs: number) => ({
    headers: { prefer: `wait=${Math.ceil(waitMs / 1_000)}` },
    timeoutMs: waitMs + answerMs,
  });

  function asWorker(token: string): WorkerCalls {
    const tasks = "/workers/tasks";
    return {
      async heartbeat(signal) {
        const reply = await insist({ method: "POST", path: "/workers/heartbeat", token, signal, ...held(0) });
        return reply.text !== "" && parse.heartbeat(reply.text) !== null;
      },
      async news({ holds, sends, waitMs, signal }) {
        const call = { method: "POST", path: "/workers/heartbeat", token, json: { holds, sends }, signal } as const;
        const { text } = await insist({ ...call, ...held(waitMs) });
        return parse.heartbeat(text) ?? { lost: [], draining: false };
      },
      async sendOutput(uuid, printed, signal) {
        const json = Object.fromEntries(
          Object.entries(printed).map(([name, { position, bytes }]) => [
            name,
            { position, bytes: Buffer.from(bytes).toString("base64") },
          ]),
        );
        const path = `${tasks}/${encodeURIComponent(uuid)}/output`;
        const reply = await http.request({ method: "POST", path, token, json, signal });
        if (reply.status !== 200) throw refusal(reply);
        return parse.printed(reply.text).watched;
      },
      async fetch(signal) {
        const reply = await http.request({ method: "GET", path: tasks, token, signal });
        if (reply.status === 204) return undefined;
        if (reply.status !== 200) throw refusal(reply);
        return parse.fetch(reply.text) ?? undefined;
      },
      async fetchMany({ limit, waitMs, signal }) {
        const path = `${tasks}?limit=${limit}`;
        const { text } = await insist({ method: "GET", path, token, signal, ...held(waitMs) });
        return parse.fetchMany(text).tasks;
      },
      async report(report, signal) {
        const { text } = await insist({ method: "POST", path: tasks, token, json: report, signal });
        return parse.report(text).url ?? null;
      },
      async reportMany(reports, signal) {
        const { text } = await insist({ method: "POST", path: tasks, token, json: { reports }, signal });
        return parse
          .reportMany(text)
          .results.map((result) =>
            "error" in result
              ? refusal({ status: result.error.status, text: JSON.stringify(result.error) })
              : (result.url ?? null),
          );
      },
      async taskInfo(uuid, signal) {
        const path = `${tasks}/${encodeURIComponent(uuid)}`;
        return parse.taskInfo((await insist({ method: "GET", path, token, signal })).text).info;
      },
      async artifact(uuid, type, signal) {
        const path = `${tasks}/${encodeURIComponent(uuid)}/artifacts/${encodeURIComponent(type)}`;
        return parse.download((await insist({ method: "GET", path, token, signal })).text);
      },
      async attachment(taskUuid, key, signal) {
        const path = `${tasks}/${encodeURIComponent(taskUuid)}/attachments/${keyInPath(key)}`;
        return parse.download((await insist({ method: "GET", path, token, signal })).text);
      },
      async unregister({ timeoutMs }) {
        await http.request({ method: "DELETE", path: "/workers", token, timeoutMs });
      },
    };
  }

  return {
    async userOf(token, signal) {
      try {
        return (await insist({ method: "GET", path: "/auth", token, signal })).text;
      } catch (error) {
        if (isYardError(error, "unauthenticated") || isYardError(error, "forbidden")) return undefined;
        throw error;
      }
    },
    async logIn(username, password, signal) {
      // The protocol knows passwords by their MD5 alone.
      const md5_password = [...createHash("md5").update(password).digest()];
      const json = { username, md5_password, retain: true };
      return parse.login((await insist({ method: "POST", path: "/login", json, signal })).text).token;
    },
    async register(token, registration, signal) {
      const json = registration; // coordinators that know no `lease` ignore it, like all that they do not know
      return parse.registered((await insist({ method: "POST", path: "/workers", token, json, signal })).text);
    },
    asWorker,
  };
}

/** Slashes of a key are those of the path. */
function keyInPath(key: string): string {
  return key.split("/").map(encodeURIComponent).join("/");
}
