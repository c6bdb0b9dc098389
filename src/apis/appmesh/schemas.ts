/** The shapes on App Mesh's wire. `null` for any field equals an absent one: the Go client always sends every field. */
import { type Static, type TSchema, Type } from "typebox";
import { replyFor } from "../../platform/http/statuses.ts";

const nullable = <T extends TSchema>(schema: T) => Type.Optional(Type.Union([schema, Type.Null()]));
/** Not `Type.Record`: its pattern `^.*$` lets a key with a newline past the check. */
export const TextMap = Type.Unsafe<Record<string, string>>({
  type: "object",
  additionalProperties: { type: "string" },
});
const textMap = (description: string) => nullable(Type.Unsafe<Record<string, string>>({ ...TextMap, description }));

/** 9999-12-31T23:59:59Z, the last time of four-digit years. */
const lastSecond = 253_402_300_799;
const epochTime = (description: string) =>
  Type.Integer({ minimum: 0, maximum: lastSecond, description: `${description}; epoch seconds, 0 is none` });
const secondOfDay = Type.Integer({ minimum: 0, maximum: 86_400 });

const exitActionText = Type.String({ description: "standby, restart, keepalive or remove, in any case" });

export const Behavior = Type.Object({
  exit: nullable(exitActionText),
  control: textMap("Exit action by exit code"),
});

/** Up to one pebibyte: as bytes it is still an exact number. */
const mebibytes = { minimum: 0, maximum: 2 ** 30 };

export const ResourceLimit = Type.Object({
  memory_mb: nullable(Type.Integer({ ...mebibytes, description: "Memory, in MiB" })),
  memory_virt_mb: nullable(Type.Integer({ ...mebibytes, description: "Memory and swap together, in MiB" })),
  cpu_shares: nullable(
    Type.Integer({ minimum: 0, maximum: 262_144, description: "Relative weight; 1024 is one share" }),
  ),
});

/** An application as clients send it. Unknown fields are ignored: the SDKs send a viewed application back with all its runtime fields. */
export const AppRequest = Type.Object(
  {
    name: nullable(Type.String({ description: "The body's name wins over the path's" })),
    command: nullable(Type.String({ description: "Split into arguments without a shell, unless `shell` is set" })),
    shell: nullable(Type.Boolean({ description: "Run the command as a bash script that stops at the first error" })),
    session_login: nullable(Type.Boolean({ description: "As `shell`, with a login environment" })),
    description: nullable(Type.String()),
    metadata: nullable(Type.Unknown({ description: "Given to the process on its standard input" })),
    working_dir: nullable(Type.String()),
    status: nullable(Type.Integer({ minimum: 0, maximum: 2, description: "0 disabled, else enabled" })),
    stdout_cache_num: nullable(
      Type.Integer({ minimum: 0, maximum: 100, description: "Previous outputs that are kept" }),
    ),
    behavior: nullable(Behavior),
    env: textMap("Added to the environment"),
    sec_env: textMap("Added to the environment; stored and shown encrypted"),
    resource_limit: nullable(ResourceLimit),
    permission: nullable(
      Type.Integer({
        minimum: 0,
        maximum: 99,
        description: "Units digit: same group, tens digit: others; 1 deny, 2 read, 3 write",
      }),
    ),
    health_check_cmd: nullable(
      Type.String({ description: "Run each second beside the application, without a shell: exit code 0 is healthy" }),
    ),
    docker_image: nullable(
      Type.String({
        description:
          "Each start is in a new container of this image, fetched if need be; `env.APP_DOCKER_OPTS` has further options of `docker run`",
      }),
    ),
    start_time: nullable(epochTime("Nothing runs before; the first slot of a periodic application")),
    end_time: nullable(epochTime("Nothing runs from then on")),
    start_interval_seconds: nullable(
      Type.Union([Type.String(), Type.Integer()], {
        description: "Starts the application again and again: seconds, an ISO 8601 duration, or with `cron` six fields",
      }),
    ),
    cron: nullable(Type.Boolean({ description: "The interval is a cron expression, seconds first" })),
    retention: nullable(
      Type.Union([Type.String(), Type.Integer()], {
        description:
          "Seconds or ISO 8601 duration that an old process may live on when the next start is due; also the delay of the exit action remove",
      }),
    ),
    daily_limitation: nullable(
      Type.Object(
        { daily_start: secondOfDay, daily_end: secondOfDay },
        { description: "Seconds since UTC midnight; over midnight if the start is the later one" },
      ),
    ),
    pid: nullable(
      Type.Integer({ description: "Only that of a process this yard runs already, which changes nothing" }),
    ),
    register_time: nullable(epochTime("When it was first defined; default: now")),
    version: nullable(
      Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: "The caller's own count of changes" }),
    ),
  },
  { additionalProperties: true },
);
export type AppRequest = Static<typeof AppRequest>;

/** An application as the server shows it; runtime fields are there only while they mean something. */
export const AppView = Type.Object(
  {
    name: Type.String(),
    owner: Type.Optional(Type.String()),
    command: Type.Optional(Type.String()),
    shell: Type.Optional(Type.Boolean()),
    session_login: Type.Optional(Type.Boolean()),
    description: Type.Optional(Type.String()),
    metadata: Type.Optional(Type.Unknown()),
    docker_image: Type.Optional(Type.String()),
    working_dir: Type.Optional(Type.String()),
    status: Type.Integer({ description: "0 disabled, 1 enabled, 2 a temporary run" }),
    stdout_cache_num: Type.Optional(Type.Integer()),
    behavior: Type.Object({ exit: Type.String(), control: Type.Optional(TextMap) }),
    env: Type.Optional(TextMap),
    sec_env: Type.Optional(TextMap),
    resource_limit: Type.Optional(
      Type.Object({
        memory_mb: Type.Optional(Type.Integer()),
        memory_virt_mb: Type.Optional(Type.Integer()),
        cpu_shares: Type.Optional(Type.Integer()),
      }),
    ),
    permission: Type.Optional(Type.Integer()),
    version: Type.Optional(Type.Integer()),
    health_check_cmd: Type.Optional(Type.String()),
    start_time: Type.Optional(Type.Integer()),
    start_time_TEXT: Type.Optional(Type.String()),
    end_time: Type.Optional(Type.Integer()),
    end_time_TEXT: Type.Optional(Type.String()),
    start_interval_seconds: Type.Optional(Type.String({ description: "In the form it was given" })),
    cron: Type.Optional(Type.Boolean()),
    retention: Type.Optional(Type.String({ description: "In the form it was given" })),
    daily_limitation: Type.Optional(
      Type.Object({
        daily_start: Type.Integer(),
        daily_start_TEXT: Type.String(),
        daily_end: Type.Integer(),
        daily_end_TEXT: Type.String(),
      }),
    ),
    register_time: Type.Integer(),
    register_time_TEXT: Type.String(),
    pid: Type.Optional(Type.Integer()),
    pid_user: Type.Optional(Type.String()),
    memory: Type.Optional(Type.Integer({ description: "Resident bytes of the process tree" })),
    cpu: Type.Optional(Type.Number({ description: "Percent; 100 is one core" })),
    fd: Type.Optional(Type.Integer()),
    pstree: Type.Optional(Type.String({ description: "The process with its descendants, drawn" })),
    task_id: Type.Optional(Type.Integer({ description: "Counts the messages sent to it" })),
    task_status: Type.Optional(
      Type.String({ description: "busy: a message waits for its reply, idle: the process waits for a message" }),
    ),
    return_code: Type.Optional(Type.Integer()),
    last_start_time: Type.Optional(Type.Integer()),
    last_start_time_TEXT: Type.Optional(Type.String()),
    last_exit_time: Type.Optional(Type.Integer()),
    last_exit_time_TEXT: Type.Optional(Type.String()),
    next_start_time: Type.Optional(Type.Integer()),
    next_start_time_TEXT: Type.Optional(Type.String()),
    last_error: Type.Optional(Type.String()),
    health: Type.Optional(Type.Integer({ description: "0 healthy, 1 not" })),
    starts: Type.Optional(Type.Integer()),
    stdout_cache_size: Type.Optional(Type.Integer()),
    container_id: Type.Optional(Type.String({ description: "As the Docker engine calls its container" })),
  },
  { additionalProperties: false },
);
export type AppView = Static<typeof AppView>;

export const Message = Type.Object({ message: Type.String() });

export const TokenReply = Type.Object({
  access_token: Type.String(),
  token_type: Type.Literal("Bearer"),
  expire_seconds: Type.Integer(),
  expires_in: Type.Integer({ description: "The same, by its other name" }),
  expire_time: Type.Integer({ description: "Epoch seconds" }),
  issued_at: Type.Integer({ description: "Epoch seconds" }),
  profile: Type.Object({ name: Type.String(), group: Type.String(), auth_time: Type.Integer() }),
});
export type TokenReply = Static<typeof TokenReply>;

export const TotpChallenge = Type.Object({
  "WWW-Authenticate": Type.String(),
  totp_challenge: Type.String(),
  status: Type.Literal("TOTP_CHALLENGE_REQUIRED"),
  algorithm: Type.String(),
  digits: Type.Integer(),
  period: Type.Integer(),
  expires: Type.Integer({ description: "Epoch seconds" }),
});

export const Resources = Type.Object({
  host_name: Type.String(),
  host_description: Type.String(),
  os_user: Type.String(),
  net: Type.Array(Type.Object({ name: Type.String(), ipv6: Type.Boolean(), address: Type.String() })),
  cpu_cores: Type.Integer(),
  cpu_sockets: Type.Integer(),
  cpu_processors: Type.Integer(),
  mem_total_bytes: Type.Integer(),
  mem_free_bytes: Type.Integer(),
  mem_totalSwap_bytes: Type.Integer(),
  mem_freeSwap_bytes: Type.Integer(),
  mem_applications: Type.Integer({ description: "Resident bytes of the server, the agent and all it runs" }),
  load: Type.Object({ "1min": Type.Number(), "5min": Type.Number(), "15min": Type.Number() }),
  fs: Type.Array(
    Type.Object({
      size: Type.Integer(),
      used: Type.Integer(),
      usage: Type.Number({ description: "0 to 1" }),
      device: Type.String(),
      mount_point: Type.String(),
    }),
  ),
  systime: Type.String(),
  appmesh_start_time: Type.String(),
  pid: Type.Integer(),
  home: Type.String(),
  fd: Type.Integer(),
});

/** Text on the wire, bytes here: what a program printed is not ours to decode. */
export const Bytes = Type.Unsafe<string | Buffer>({ type: "string" });

/** What any operation may answer: a body too large, a bug, a part that is away, a full disk. */
const anywhere = [413, 500, 503, 507] as const;

/** The error replies of an operation, by status, those that any may give included. */
export function errorReplies<const S extends number>(
  ...statuses: readonly S[]
): Record<S | (typeof anywhere)[number], typeof Message> {
  return replyFor([...statuses, ...anywhere], Message);
}
