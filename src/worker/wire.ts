/** What a coordinator and a worker say to each other, as far as a worker reads it. What comes from outside is parsed here once; fields that nobody
 *  needs are left alone, as other coordinators have others. */
import { type Static, type TSchema, Type } from "typebox";
import { Compile } from "typebox/compile";
import { YardError } from "../platform/errors.ts";

const maybe = <T extends TSchema>(schema: T) => Type.Optional(Type.Union([schema, Type.Null()]));

export const LoginReply = Type.Object({ token: Type.String() });

export const Registered = Type.Object({
  worker_id: Type.String(),
  token: Type.String(),
  redis_url: maybe(Type.String()),
});
export type Registered = Static<typeof Registered>;

const Resource = Type.Object({
  remote_file: Type.Union([
    Type.Object({ Artifact: Type.Object({ uuid: Type.String(), content_type: Type.String() }) }),
    Type.Object({ Attachment: Type.Object({ key: Type.String() }) }),
  ]),
  local_path: Type.String(),
});
export type Resource = Static<typeof Resource>;

/** A task as it is fetched: the worker's own from then on. */
export const FetchedTask = Type.Object({
  /** To report by. */
  id: Type.Integer(),
  uuid: Type.String(),
  /** A duration, as `1h 30m`. */
  timeout: Type.String(),
  upstream_task_uuid: maybe(Type.String()),
  spec: Type.Object({
    args: Type.Array(Type.String()),
    envs: Type.Optional(Type.Record(Type.String(), Type.String())),
    resources: Type.Optional(Type.Array(Resource)),
    terminal_output: Type.Optional(Type.Boolean()),
    watch: maybe(Type.Tuple([Type.String(), Type.String()])),
  }),
});
export type FetchedTask = Static<typeof FetchedTask>;

export const FetchReply = Type.Union([FetchedTask, Type.Null()]);
export const FetchManyReply = Type.Object({ tasks: Type.Array(FetchedTask) });

/** Of another task, for those who wait for it. */
export const TaskInfo = Type.Object({
  info: Type.Object({
    state: Type.String(),
    result: maybe(Type.Object({ msg: maybe(Type.String()) })),
  }),
});
export type TaskInfo = Static<typeof TaskInfo>["info"];

export const PrintedReply = Type.Object({ watched: Type.Boolean() });

export const Download = Type.Object({ url: Type.String(), size: Type.Integer() });
export type Download = Static<typeof Download>;

export const ReportReply = Type.Object({ url: maybe(Type.String()) });
export const ReportManyReply = Type.Object({
  results: Type.Array(
    Type.Union([Type.Object({ error: Type.Object({ status: Type.Integer(), msg: Type.String() }) }), ReportReply]),
  ),
});

/** Only a yard of ours answers a heartbeat so; others say `null`. */
export const News = Type.Object({
  lost: Type.Array(Type.String()),
  /** Send what these print. */
  watched: Type.Optional(Type.Array(Type.String())),
  draining: Type.Boolean(),
});
export type News = Static<typeof News>;
export const HeartbeatReply = Type.Union([News, Type.Null()]);

export type ArtifactType = "result" | "exec-log" | "std-log";

/** Why a task was not carried out as it was meant. */
export type ResultMessage =
  | "FetchResourceTimeout"
  | "ExecTimeout"
  | "UploadResultTimeout"
  | "ResourceNotFound"
  | "ResourceForbidden"
  | "WatchTimeout"
  | "SubmitNewTaskFailed";

export interface TaskResult {
  /** As waitpid gives it: exit code n is n × 256, death by signal s is s. */
  readonly exit_status: number;
  readonly msg: ResultMessage | null;
}

export type ReportOp =
  | "Finish"
  | "Cancel"
  | { readonly Upload: { readonly content_type: ArtifactType; readonly content_length: number } }
  /** A task as the command has written it: whether it is one, the coordinator judges. */
  | { readonly Submit: unknown }
  | { readonly Commit: TaskResult }
  /** Extension: the first two in one with Commit. */
  | { readonly End: TaskResult & { readonly state: "Finished" | "Cancelled" } };

/** Makes a parser of reply bodies.
 *  @param what names the reply in the error
 *  @returns a function that @throws {YardError} internal: the far side speaks another language */
export function parser<T extends TSchema>(schema: T, what: string): (text: string) => Static<T> {
  let check: ReturnType<typeof Compile<T>> | undefined;
  return (text) => {
    check ??= Compile(schema);
    const value = asJson(text);
    if (check.Check(value)) return value as Static<T>;
    throw new YardError(
      "internal",
      `The coordinator's answer is not ${what}. Is it of a version that this worker knows?`,
    );
  };
}

/** Undefined: it is none. */
export function asJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
