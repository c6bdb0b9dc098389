/** What an agent answers, checked before anything trusts it: a remote agent may be of another version, or be no friend. */
import { type Static, type TSchema, Type } from "typebox";
import { Compile } from "typebox/compile";
import type {
  AgentInfo,
  ErrorBody,
  HostResources,
  ProcessStatus,
  SandboxReport,
  StackPlace,
  StopCause,
  UnitEvent,
  UnitStatus,
} from "../agent/protocol.ts";
import { YardError, yardErrorCodes } from "../platform/errors.ts";
import type {
  Exit,
  FileEntry,
  Inhabitant,
  ProcessUsage,
  SandboxHandle,
  SandboxImage,
  SandboxUsage,
  Template,
} from "../sandboxes/sandbox.ts";

export type Parse<T> = (value: unknown) => T;

/** A check of one kind of reply, compiled once. @throws {YardError} internal, naming the part that does not fit */
function parser<Schema extends TSchema>(what: string, schema: Schema): Parse<Static<Schema>> {
  const compiled = Compile(schema);
  return (value) => {
    if (compiled.Check(value)) return value;
    const [fault] = compiled.Errors(value);
    const where = fault ? `${fault.instancePath || "/"} ${fault.message}` : "unexpected shape";
    throw new YardError("internal", `the agent's ${what} cannot be read: ${where}`);
  };
}

const count = Type.Integer({ minimum: 0 });
const errorCode = Type.Union(yardErrorCodes.map((code) => Type.Literal(code)));
const anyObject = Type.Record(Type.String(), Type.Unknown());

const exit = Type.Object({
  code: Type.Union([Type.Integer(), Type.Null()]),
  signal: Type.Union([Type.String(), Type.Null()]),
  at: Type.Number(),
  outOfMemory: Type.Optional(Type.Literal(true)),
});

const stopCauses = [
  "stopped",
  "timeout",
  "replaced",
  "superseded",
  "window",
  "shutdown",
] as const satisfies StopCause[];

const run = Type.Object({
  id: Type.String(),
  container: Type.Optional(Type.String()),
  pid: Type.Optional(Type.Integer()),
  startedAt: Type.Number(),
  secret: Type.Optional(Type.String()),
  exit: Type.Optional(exit),
  stopCause: Type.Optional(Type.Union(stopCauses.map((cause) => Type.Literal(cause)))),
  startError: Type.Optional(
    Type.Object({ code: errorCode, message: Type.String(), field: Type.Optional(Type.String()) }),
  ),
});

const unit = Type.Object({
  id: Type.String(),
  version: Type.Integer(),
  revision: Type.Integer(),
  enabled: Type.Boolean(),
  meta: Type.Optional(anyObject),
  createdAt: Type.Number(),
  starts: count,
  runs: Type.Array(run),
  lastEnded: Type.Optional(run),
  nextStartAt: Type.Optional(Type.Number()),
  lastError: Type.Optional(Type.Object({ at: Type.Number(), message: Type.String() })),
  health: Type.Optional(Type.Object({ ok: Type.Boolean(), at: Type.Number() })),
});

const unitEvent = Type.Union([
  Type.Object({ type: Type.Literal("unit"), unit }),
  Type.Object({ type: Type.Literal("removed"), id: Type.String() }),
  Type.Object({ type: Type.Literal("synced") }),
  Type.Object({ type: Type.Literal("alive") }),
]);

const processTree = Type.Cyclic(
  {
    ProcessTree: Type.Object({
      pid: Type.Integer(),
      name: Type.String(),
      children: Type.Array(Type.Ref("ProcessTree")),
    }),
  },
  "ProcessTree",
);

const usage = Type.Object({
  cpuPercent: Type.Number(),
  rssBytes: Type.Number(),
  openFiles: Type.Number(),
  pids: Type.Array(Type.Integer()),
  user: Type.Optional(Type.String()),
  tree: Type.Optional(processTree),
});

const capabilities = Type.Object({
  osUsers: Type.Boolean(),
  limits: Type.Boolean(),
  processLimits: Type.Optional(Type.Boolean()),
  terminal: Type.Boolean(),
  ownFiles: Type.Boolean(),
  pause: Type.Union([Type.Literal("none"), Type.Literal("frozen"), Type.Literal("saved")]),
  diskLimit: Type.Optional(Type.Boolean()),
  networks: Type.Optional(Type.Array(Type.Union([Type.Literal("none"), Type.Literal("outbound")]))),
  templates: Type.Optional(Type.Boolean()),
  dial: Type.Optional(Type.Boolean()),
  inhabitants: Type.Optional(Type.Boolean()),
  moves: Type.Optional(Type.Boolean()),
});

const availability = Type.Union([
  Type.Object({ usable: Type.Literal(true), isEmulated: Type.Optional(Type.Literal(true)) }),
  Type.Object({ usable: Type.Literal(false), reason: Type.String(), fix: Type.Optional(Type.String()) }),
]);

const info = Type.Object({
  version: Type.String(),
  protocol: Type.Integer(),
  pid: Type.Integer(),
  startedAt: Type.Number(),
  hostname: Type.String(),
  osUser: Type.String(),
  machine: Type.Optional(
    Type.Object({ arch: Type.String({ maxLength: 64 }), cpuCores: count, memoryMb: count, diskMb: count }),
  ),
  drivers: Type.Array(Type.Object({ name: Type.String(), can: capabilities, availability })),
});

const resources = Type.Object({
  cpuCores: Type.Number(),
  cpuSockets: Type.Number(),
  cpuProcessors: Type.Number(),
  memoryTotalBytes: Type.Number(),
  memoryFreeBytes: Type.Number(),
  swapTotalBytes: Type.Number(),
  swapFreeBytes: Type.Number(),
  memoryUsedByAgentBytes: Type.Number(),
  openFiles: Type.Number(),
  load: Type.Tuple([Type.Number(), Type.Number(), Type.Number()]),
  cpuTimes: Type.Optional(Type.Object({ busyMs: Type.Number(), totalMs: Type.Number() })),
  uptimeSeconds: Type.Optional(Type.Number()),
  networks: Type.Array(Type.Object({ name: Type.String(), ipv6: Type.Boolean(), address: Type.String() })),
  disks: Type.Array(
    Type.Object({
      device: Type.String(),
      mountPoint: Type.String(),
      totalBytes: Type.Number(),
      usedBytes: Type.Number(),
    }),
  ),
});

const handle = Type.Object({
  driver: Type.String(),
  version: Type.Literal(1),
  id: Type.String(),
  data: Type.Optional(anyObject),
});

const sandboxUsage = Type.Object({
  cpuUs: Type.Number(),
  memoryBytes: Type.Number(),
  processes: count,
  diskBytes: Type.Number(),
});

const fileEntry = Type.Object({
  name: Type.String(),
  path: Type.String(),
  type: Type.Union([Type.Literal("file"), Type.Literal("directory"), Type.Literal("symlink"), Type.Literal("other")]),
  size: Type.Number(),
  mode: Type.Integer(),
  uid: Type.Integer(),
  gid: Type.Integer(),
  modifiedAt: Type.Number(),
  target: Type.Optional(Type.String()),
  resolved: Type.Optional(Type.String()),
});

const sandboxImage = Type.Object({
  driver: Type.String(),
  version: Type.Literal(1),
  id: Type.String(),
  limits: Type.Record(Type.String(), Type.Number()),
  data: anyObject,
  parts: Type.Array(
    Type.Object({
      name: Type.String({ pattern: "^[A-Za-z0-9_.-]{1,80}$" }),
      bytes: count,
      hash: Type.String({ pattern: "^[0-9a-f]{64}$" }),
      diskBytes: count,
    }),
    { maxItems: 5_000 },
  ),
});

const template = Type.Object({ name: Type.String(), sizeBytes: Type.Number(), createdAt: Type.Number() });

const processStatus = Type.Object({
  id: Type.String(),
  pid: Type.Integer(),
  pidInside: Type.Optional(Type.Integer()),
  startedAt: Type.Number(),
  hasStdin: Type.Boolean(),
  hasTerminal: Type.Boolean(),
  hasErrors: Type.Optional(Type.Boolean()),
  meta: Type.Optional(anyObject),
  leftOff: Type.Optional(Type.Object({ output: Type.Optional(count), errors: Type.Optional(count) })),
  exit: Type.Optional(exit),
});

/** The one part that every version of the protocol has. */
export const parseProtocol: Parse<{ protocol: number }> = parser("version", Type.Object({ protocol: Type.Integer() }));
export const parseInfo: Parse<AgentInfo> = parser("info", info);
export const parseResources: Parse<HostResources> = parser("resources", resources);
export const parseUnit: Parse<UnitStatus> = parser("unit", unit);
export const parseUnits: Parse<UnitStatus[]> = parser("list of units", Type.Array(unit));
export const parseUnitEvent: Parse<UnitEvent> = parser("event", unitEvent);
export const parseInhabitants: Parse<Inhabitant[]> = parser(
  "list of what runs",
  Type.Array(Type.Object({ pid: Type.Integer(), argv: Type.Array(Type.String()) })),
);
export const parseExit: Parse<Exit> = parser("end of a process", exit);
export const parseUsage: Parse<ProcessUsage> = parser("usage", usage);
export const parseUsages: Parse<Record<string, ProcessUsage>> = parser("usage", Type.Record(Type.String(), usage));
export const parseHandle: Parse<SandboxHandle> = parser("sandbox handle", handle);
export const parseSandboxUsage: Parse<SandboxUsage> = parser("usage of a sandbox", sandboxUsage);
export const parseSandboxUsages: Parse<Record<string, SandboxUsage>> = parser(
  "usage of sandboxes",
  Type.Record(Type.String(), sandboxUsage),
);
export const parseSandboxReports: Parse<SandboxReport[]> = parser(
  "list of sandboxes",
  Type.Array(
    Type.Object({
      driver: Type.String(),
      id: Type.String(),
      status: Type.Union([
        Type.Literal("running"),
        Type.Literal("paused"),
        Type.Literal("stopped"),
        Type.Literal("gone"),
      ]),
      reason: Type.Optional(Type.String()),
    }),
  ),
);
export const parseFileEntry: Parse<FileEntry> = parser("file", fileEntry);
export const parseFileEntries: Parse<FileEntry[]> = parser("list of files", Type.Array(fileEntry));
export const parseWritten: Parse<{ bytes: number }> = parser("count of bytes", Type.Object({ bytes: count }));
export const parseSandboxImage: Parse<SandboxImage> = parser("image of a sandbox", sandboxImage);
export const parseArrivals: Parse<string[]> = parser("list of arrivals", Type.Array(Type.String()));
export const parseMissing: Parse<{ missing: string[] }> = parser(
  "list of missing parts",
  Type.Object({ missing: Type.Array(Type.String()) }),
);
export const parseTemplate: Parse<Template> = parser("template", template);
export const parseTemplates: Parse<Template[]> = parser("list of templates", Type.Array(template));
export const parseStackPlaces: Parse<StackPlace[]> = parser(
  "places of a stack's files",
  Type.Array(Type.Object({ hostPath: Type.String(), isThere: Type.Boolean(), isOwn: Type.Boolean() })),
);
export const parseProcess: Parse<ProcessStatus> = parser("process", processStatus);
export const parseProcesses: Parse<ProcessStatus[]> = parser("list of processes", Type.Array(processStatus));
export const parseErrorBody: Parse<ErrorBody> = parser(
  "error",
  Type.Object({
    code: errorCode,
    message: Type.String(),
    field: Type.Optional(Type.String()),
    retryAfterMs: Type.Optional(Type.Number()),
  }),
);
