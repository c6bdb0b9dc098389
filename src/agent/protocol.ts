/** What a host's agent serves over HTTP/2, and what the control plane's hosts/ calls: the types both sides share.
 *
 *  A **unit** is what the agent keeps by itself while nobody is watching: one process definition with the rule of when to
 *  start it again. Each start of a unit is a **run**, with an id, an output log and an exit of its own. The agent knows no app,
 *  task or user: what the control plane needs to recognise its units travels along in `meta`, unread.
 *
 *  | method and path | body → reply | |
 *  | --- | --- | --- |
 *  | GET    /v1/info                          | → AgentInfo | |
 *  | GET    /v1/resources                     | → HostResources | |
 *  | POST   /v1/shutdown?graceMs=             | → 202 | stops all that runs, then the agent |
 *  | GET    /v1/units                         | → UnitStatus[] | |
 *  | GET    /v1/units?watch                   | → NDJSON of UnitEvent | all units, `synced`, then every change; `alive` every 5 s |
 *  | GET    /v1/units/{id}                    | → UnitStatus | |
 *  | PUT    /v1/units/{id}                    | UnitSpec → UnitStatus | same revision again: nothing happens; a higher one replaces (the old run is killed) |
 *  | DELETE /v1/units/{id}                    | → 204 | kills what runs, deletes outputs |
 *  | POST   /v1/units/{id}/start, /stop?graceMs= | → UnitStatus | idempotent |
 *  | POST   /v1/units/{id}/run?maxBytes=      | UnitSpec → bytes | puts the unit, waits for its first run to end; header `unit-status` (JSON), `output-next`; then removes it |
 *  | GET    /v1/units/{id}/ended?run=&timeoutMs= | → UnitStatus | when that run has ended, or the time has passed |
 *  | GET    /v1/units/{id}/output?run=&position=&maxBytes= | → bytes | headers `output-from`, `output-next`, `output-size` |
 *  | GET    /v1/units/{id}/output?run=&position=&follow | → bytes, until that run has ended | header `output-from` |
 *  | POST   /v1/units/usage                   | {ids, tree?} → Record<id, ProcessUsage> | trees of processes only with `tree: true` |
 *
 *  The SandboxDriver interface (served by sandbox-routes.ts). `S` is `/v1/sandboxes/{driver}/{sandbox}`, `P` is `S/processes/{process}`.
 *  Ids of sandboxes are unique in the whole agent; the driver `host` always has the sandbox `host`, which cannot be destroyed.
 *
 *  | method and path | body → reply | |
 *  | --- | --- | --- |
 *  | GET    /v1/sandboxes       | → SandboxReport[] | of all drivers, without `host` |
 *  | POST   /v1/sandboxes/usage | {ids} → Record<id, SandboxUsage> | of those that there are and that can be measured |
 *  | PUT    S                    | SandboxSpec without id → SandboxHandle | create; the same id again is the same sandbox |
 *  | POST   S/reattach           | SandboxHandle → SandboxHandle | `not_found` if nothing is left of it |
 *  | DELETE S?graceMs=           | → 204 | ends all in it, leaves nothing |
 *  | GET    S/usage              | → SandboxUsage | `precondition`, if the driver cannot measure it |
 *  | POST   S/pause, S/resume    | → 204 | `precondition`, if the driver cannot |
 *  | GET    S/files?path=        | → FileEntry | |
 *  | DELETE S/files?path=        | → 204 | |
 *  | GET    S/files/list?path=&depth=&maxEntries= | → FileEntry[] | |
 *  | GET    S/files/content?path= | → bytes | header `file-size` |
 *  | PUT    S/files/content?path=&mode= | bytes → {bytes} | a reset stream leaves the file half-written |
 *  | POST   S/files/hold?path=&mode= | nothing → nothing, each until the other side ends | holds it open: headers `held-fd`, `held-file` (`dev:inode`), `file-size`; with `mode` for writing |
 *  | POST   S/files/directory    | {path} → FileEntry | |
 *  | POST   S/files/move         | {from, to} → 204 | |
 *  | POST   S/dial/{port}        | bytes → bytes | a TCP connection; each side's end is an end of its own, a reset stream breaks it off |
 *  | POST   S/capture            | {name} → Template | |
 *  | GET    S/image              | → SandboxImage | of one in which nothing runs; it stays as it is |
 *  | GET    S/image/{part}       | → bytes | packed (zstd) |
 *  | GET    /v1/arrivals/{driver} | → string[] | ids of sandboxes of which something has arrived |
 *  | POST   /v1/arrivals/{driver}/{sandbox} | SandboxImage → {missing: string[]} | begins, or goes on; `precondition`, if it could not go on here |
 *  | PUT    /v1/arrivals/{driver}/{sandbox}/parts/{part}?bytes=&hash= | bytes → 204 | packed; `invalid` if they are not what `hash` says |
 *  | POST   /v1/arrivals/{driver}/{sandbox}/complete | SandboxImage → SandboxHandle | from here on it is a sandbox of this host |
 *  | DELETE /v1/arrivals/{driver}/{sandbox} | → 204 | what has arrived goes |
 *  | GET    /v1/templates/{driver} | → Template[] | |
 *  | PUT    /v1/templates/{driver}/{name} | tar archive → Template | |
 *  | POST   /v1/templates/{driver}/{name}/prepare | {limits} → 204 | nothing, where the driver has nothing to do ahead |
 *  | DELETE /v1/templates/{driver}/{name} | → 204 | |
 *  | POST   /v1/stacks/{stack}/find | {sources: StackSource[]} → StackPlace[] | where files of a stack are, or would be, on this host |
 *  | PUT    /v1/stacks/{stack}/files?path=&digest= | tar archive → 204 | a place is filled once, as a whole; `invalid` if it is not what the digest says |
 *  | POST   /v1/stacks/{stack}/keep | {hostPaths} → 204 | removes its other places, but not what containers have written to |
 *  | DELETE /v1/stacks/{stack} | → 204 | removes all of them |
 *  | GET    S/inhabitants          | → Inhabitant[] | all that runs in it, whoever has started it; `precondition`, if the driver cannot |
 *  | POST   S/inhabitants/{pid}/signal | {signal} → 204 | `pid` as the sandbox numbers it |
 *  | GET    S/processes          | → ProcessStatus[] | |
 *  | PUT    P                    | ProcessSpec without id → ProcessStatus | exec; the same id again is the same process |
 *  | POST   P/run?timeoutMs=&maxBytes= | ProcessSpec without id → bytes | exec, wait for its end, forget; both logs, one after the other; headers `process-exit` (JSON), `output-size`, `errors-size` |
 *  | GET    P                    | → ProcessStatus | |
 *  | DELETE P                    | → 204 | forget |
 *  | GET    P/exited?timeoutMs=  | → ProcessStatus | when it has ended, or the time (at most 60 s, default) has passed: then without `exit` |
 *  | GET    P/output?position=&maxBytes= | → bytes | headers `output-from`, `output-next`, `output-size`; with `&stream=errors` those of the log of errors |
 *  | GET    P/output?position=&follow    | → bytes, until it has ended | header `output-from`; likewise |
 *  | POST   P/stdin              | bytes, as they come → 204 | the end of the body is end-of-file; a reset stream leaves stdin open |
 *  | POST   P/signal             | {signal} → 204 | |
 *  | POST   P/stop?graceMs=      | → ProcessStatus | with `exit` |
 *  | POST   P/resize             | {cols, rows} → 204 | |
 *  | GET    P/usage?tree         | → ProcessUsage | |
 *
 *  Bodies are JSON unless they are bytes. A body of bytes that breaks in the middle resets its stream: no end is invented.
 *  Errors: a 4xx or 5xx status with an ErrorBody.
 */
import type { YardErrorCode } from "../platform/errors.ts";
import type {
  Availability,
  Capabilities,
  Exit,
  ProcessMeta,
  ProcessSpec,
  ReadPlaces,
  SandboxStatus,
} from "../sandboxes/sandbox.ts";

/** Raised when either side would misread the other. */
export const protocolVersion = 1;

export type RestartAction = "no" | "always";

export interface RestartPolicy {
  readonly onExit: RestartAction;
  /** By exit code, in place of `onExit`. An unknown exit takes `onExit`. */
  readonly codes?: Readonly<Record<string, RestartAction>>;
  /** The least time between two starts, in milliseconds: a crash loop turns no faster. */
  readonly minIntervalMs: number;
}

/** When a unit starts by itself, besides what its restart policy does: at slots, inside its window, each of which is fired once. Slots that
 *  were missed (the agent was away, the clock jumped) are not made up for: the next one counts. With a schedule the restart policy `always`
 *  keeps a run up between the slots too; a start by hand does nothing to a unit that is enabled. */
export type Schedule =
  /** At `from + k * everyMs`, wall milliseconds; `everyMs` is a second at least. */
  | { readonly kind: "interval"; readonly from: number; readonly everyMs: number }
  /** Six fields, seconds first; the host's own time zone by default. See platform/cron.ts. */
  | { readonly kind: "cron"; readonly expression: string; readonly timeZone?: string };

/** When a unit may run: outside of it nothing starts, and what runs is killed. What was killed starts again when it opens, unless the unit has a
 *  schedule that alone starts it (neither `startsAtOnce` nor the policy `always`). */
export interface RunWindow {
  /** Wall milliseconds. */
  readonly from?: number;
  /** Wall milliseconds; from then on the unit never runs again. */
  readonly until?: number;
  /** Seconds since UTC midnight, `[start, end)`; over midnight if start is the later one, the whole day if they are equal. */
  readonly daily?: { readonly startSeconds: number; readonly endSeconds: number };
}

/** A command beside the unit's own, in the same sandbox, with the same user, directory and environment: it exits with 0 while all is well.
 *  Never two at a time; killed, and taken as a failure, after `timeoutMs`. */
export interface HealthCheck {
  readonly argv: readonly string[];
  readonly everyMs: number;
  readonly timeoutMs: number;
}

export interface UnitSpec {
  readonly id: string;
  /** Grows with each change of the definition. */
  readonly revision: number;
  /** `host`, or the id of a sandbox that was created before. */
  readonly sandbox: string;
  readonly process: Omit<ProcessSpec, "id">;
  /** Each run has a new container of that image to itself, in place of the sandbox. */
  readonly container?: UnitContainer;
  /** Variables whose value is new at each start: the run's `secret`, or the start time in whole seconds since 1970. */
  readonly envPerStart?: Readonly<Record<string, "secret" | "startedSeconds">>;
  readonly restart: RestartPolicy;
  /** Absent: it starts once, as soon as it may. */
  readonly schedule?: Schedule;
  /** A unit with a schedule also starts as soon as it may. */
  readonly startsAtOnce?: boolean;
  readonly window?: RunWindow;
  /** At a slot with the previous run alive: how long that may live on beside the new one. Absent or 0: it is killed first. At most 16
   *  older runs live on. */
  readonly overlapMs?: number;
  readonly healthCheck?: HealthCheck;
  readonly enabled: boolean;
  /** A run is killed after this long. */
  readonly timeoutMs?: number;
  /** The whole unit is removed after this long, whatever it does; also while no control plane is there. */
  readonly lifetimeMs?: number;
  /** Ended runs whose output is kept besides the current one. */
  readonly keepRuns: number;
  readonly meta?: Readonly<Record<string, unknown>>;
}

/** As `docker run` has it: an empty command, or what is not said of it, is as the image has it. Limits are the container's. */
export interface UnitContainer {
  readonly image: string;
  /** Of the engine's; its usual one if absent. */
  readonly network?: string;
  readonly hostname?: string;
  /** By port and protocol inside: `80/tcp`. */
  readonly ports?: Readonly<Record<string, readonly { readonly hostIp?: string; readonly hostPort?: number }[]>>;
  /** `name:address`. */
  readonly extraHosts?: readonly string[];
}

/** Why the agent ended a run itself: `replaced` by a later revision, `superseded` by the schedule's next run. */
export type StopCause = "stopped" | "timeout" | "replaced" | "superseded" | "window" | "shutdown";

export interface RunStatus {
  readonly id: string;
  readonly pid?: number;
  readonly startedAt: number;
  /** Of the container that it has to itself: what the engine calls it. */
  readonly container?: string;
  /** Known to the run through `envPerStart`, and to nobody else but the control plane. */
  readonly secret?: string;
  readonly exit?: Exit;
  readonly stopCause?: StopCause;
  /** It never started: why. */
  readonly startError?: { readonly code: YardErrorCode; readonly message: string; readonly field?: string };
}

export interface UnitStatus {
  readonly id: string;
  /** Grows with every change of this unit: of two statuses the one with the higher version is the later. */
  readonly version: number;
  readonly revision: number;
  readonly enabled: boolean;
  readonly meta?: Readonly<Record<string, unknown>>;
  readonly createdAt: number;
  readonly starts: number;
  /** Newest first: `runs[0]` is the current one, or the last. Empty before the first start. */
  readonly runs: readonly RunStatus[];
  /** The newest run that has ended, also when it is kept no longer. */
  readonly lastEnded?: RunStatus;
  /** When the next start is due, in wall milliseconds, while it waits for one. */
  readonly nextStartAt?: number;
  readonly lastError?: { readonly at: number; readonly message: string };
  /** Of the last health check; absent without one, before the first, and while the unit may not run. */
  readonly health?: { readonly ok: boolean; readonly at: number };
}

export type UnitEvent =
  | { readonly type: "unit"; readonly unit: UnitStatus }
  | { readonly type: "removed"; readonly id: string }
  | { readonly type: "synced" }
  | { readonly type: "alive" };

export interface AgentInfo {
  readonly version: string;
  readonly protocol: number;
  readonly pid: number;
  readonly startedAt: number;
  readonly hostname: string;
  readonly osUser: string;
  /** What it has for sandboxes. Absent in the answers of older agents. */
  readonly machine?: {
    /** As `uname -m` names it. */
    readonly arch: string;
    readonly cpuCores: number;
    readonly memoryMb: number;
    /** Of the file system that the agent's directory is on. */
    readonly diskMb: number;
  };
  readonly drivers: readonly {
    readonly name: string;
    readonly can: Capabilities;
    readonly availability: Availability;
  }[];
}

export interface HostResources {
  readonly cpuCores: number;
  readonly cpuSockets: number;
  readonly cpuProcessors: number;
  readonly memoryTotalBytes: number;
  readonly memoryFreeBytes: number;
  readonly swapTotalBytes: number;
  readonly swapFreeBytes: number;
  /** RSS of the agent and all it runs. */
  readonly memoryUsedByAgentBytes: number;
  readonly openFiles: number;
  readonly load: readonly [number, number, number];
  /** Of all processors since the machine has started; absent from older agents, as the next one. */
  readonly cpuTimes?: { readonly busyMs: number; readonly totalMs: number };
  readonly uptimeSeconds?: number;
  readonly networks: readonly { readonly name: string; readonly ipv6: boolean; readonly address: string }[];
  readonly disks: readonly {
    readonly device: string;
    readonly mountPoint: string;
    readonly totalBytes: number;
    readonly usedBytes: number;
  }[];
}

/** A sandbox that there is. */
export interface SandboxReport {
  readonly driver: string;
  readonly id: string;
  readonly status: SandboxStatus;
  /** Why it is stopped, where it was not the host's end. */
  readonly reason?: string;
}

/** A process as `/v1/sandboxes/…` shows it. */
export interface ProcessStatus {
  readonly id: string;
  readonly pid: number;
  readonly pidInside?: number;
  readonly startedAt: number;
  /** `stdin` takes bytes: it was started with `stdin: "open"` or a terminal. */
  readonly hasStdin: boolean;
  readonly hasTerminal: boolean;
  /** Standard error has a log of its own. */
  readonly hasErrors?: boolean;
  readonly meta?: ProcessMeta;
  readonly leftOff?: ReadPlaces;
  /** Absent while it runs. */
  readonly exit?: Exit;
}

/** A file or directory beside a stack's compose.yaml, which its containers mount. */
export interface StackSource {
  /** From the stack's directory, without a slash before it; empty: all of that. */
  readonly path: string;
  /** Of the tree (platform/trees/tree-digest.ts) that it is under its own name; one without a name is called `files`. */
  readonly digest: string;
  /** Some service may write to it. */
  readonly isWritable: boolean;
}

export interface StackPlace {
  readonly hostPath: string;
  /** Otherwise it is to be filled. */
  readonly isThere: boolean;
  /** Containers have written to what was there before: it stays, and what comes now does not take its place. */
  readonly isOwn: boolean;
}

/** Of all that one stack mounts. */
export const stackFileLimits = { maxBytes: 100 * 1024 ** 2, maxEntries: 10_000 };

/** The body of every 4xx and 5xx reply. */
export interface ErrorBody {
  readonly code: YardErrorCode;
  readonly message: string;
  readonly field?: string;
  readonly retryAfterMs?: number;
}
