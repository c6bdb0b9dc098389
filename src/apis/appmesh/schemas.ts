/** The shapes on App Mesh's wire. `null` for any field equals an absent one: the Go client always sends every field. */
import { type Static, type TSchema, Type } from "typebox";

const nullable = <T extends TSchema>(schema: T) => Type.Optional(Type.Union([schema, Type.Null()]));
/** Not `Type.Record`: its pattern `^.*$` lets a key with a newline past the check. */
const TextMap = Type.Unsafe<Record<string, string>>({ type: "object", additionalProperties: { type: "string" } });
const textMap = (description: string) => nullable(Type.Unsafe<Record<string, string>>({ ...TextMap, description }));

const exitActionText = Type.String({ description: "standby, restart, keepalive or remove, in any case" });

export const Behavior = Type.Object({
  exit: nullable(exitActionText),
  control: textMap("Exit action by exit code"),
});

export const ResourceLimit = Type.Object({
  memory_mb: nullable(Type.Integer({ minimum: 0, description: "Memory, in MiB" })),
  memory_virt_mb: nullable(Type.Integer({ minimum: 0, description: "Memory and swap together, in MiB" })),
  cpu_shares: nullable(Type.Integer({ minimum: 0, description: "Relative weight; 1024 is one share" })),
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
    status: nullable(Type.Integer({ description: "1 enabled, 0 disabled" })),
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
    // What this version refuses when it is set, rather than ignore it: see translate.ts.
    health_check_cmd: nullable(Type.String()),
    docker_image: nullable(Type.String()),
    start_time: nullable(Type.Integer()),
    end_time: nullable(Type.Integer()),
    start_interval_seconds: nullable(Type.Union([Type.String(), Type.Integer()])),
    cron: nullable(Type.Boolean()),
    retention: nullable(Type.Union([Type.String(), Type.Integer()])),
    daily_limitation: nullable(
      Type.Object({ daily_start: nullable(Type.Integer()), daily_end: nullable(Type.Integer()) }),
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
    register_time: Type.Integer(),
    register_time_TEXT: Type.String(),
    pid: Type.Optional(Type.Integer()),
    pid_user: Type.Optional(Type.String()),
    memory: Type.Optional(Type.Integer({ description: "Resident bytes of the process tree" })),
    cpu: Type.Optional(Type.Number({ description: "Percent; 100 is one core" })),
    fd: Type.Optional(Type.Integer()),
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
  mem_applications: Type.Integer({ description: "Resident bytes of the agent and all it runs" }),
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
  return Object.fromEntries([...statuses, ...anywhere].map((status) => [status, Message])) as Record<
    S | (typeof anywhere)[number],
    typeof Message
  >;
}
