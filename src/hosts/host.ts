/** A host as the control plane's domains see it: its agent, reached over whatever carries the connection. */
import type { Duplex, Readable } from "node:stream";
import type {
  AgentInfo,
  HostResources,
  RunStatus,
  SandboxReport,
  UnitEvent,
  UnitSpec,
  UnitStatus,
} from "../agent/protocol.ts";
import type {
  Exit,
  OutputChunk,
  ProcessSpec,
  ProcessUsage,
  Sandbox,
  SandboxDriver,
  SandboxHandle,
  SandboxSpec,
  SandboxUsage,
} from "../sandboxes/sandbox.ts";
import type { HostStackFiles } from "./remote-stack-files.ts";

export interface Host {
  readonly id: string;
  readonly name: string;
  /** Whether the agent answers now. While it does not, every call fails with `unavailable` after a short wait for it to come back. */
  readonly connected: boolean;
  /** As the agent said when it was last connected. */
  readonly known: AgentInfo | undefined;
  info(): Promise<AgentInfo>;
  resources(): Promise<HostResources>;
  /** Has the agent stop all that runs, and end. Resolves once it has heard it. */
  shutdown(options: { graceMs: number }): Promise<void>;
  readonly units: Units;
  /** All that its drivers have. */
  sandboxes(): Promise<readonly SandboxReport[]>;
  /** Of those that there are, by id, in one round trip. */
  sandboxUsage(ids: readonly string[]): Promise<ReadonlyMap<string, SandboxUsage>>;
  /** A new connection to its Docker engine. @throws {YardError} unavailable */
  dockerEngine(): Promise<Duplex>;
  readonly stackFiles: HostStackFiles;
  /** The agent's driver of that name, behind the same interface as in the agent. */
  driver(name: string): HostDriver;
}

export interface HostDriver extends SandboxDriver {
  create(spec: SandboxSpec): Promise<HostSandbox>;
  reattach(handle: SandboxHandle): Promise<HostSandbox>;
}

/** A sandbox through its host's connection. */
export interface HostSandbox extends Sandbox {
  /** Starts a process that has streams of its own, waits for its end and forgets it: one round trip. It goes on until then also if the connection
   *  breaks, or nobody waits any more.
   *  @throws {YardError} as `exec`; timeout, once it was killed for it; too_large, if it has printed more than `maxBytes` to either */
  run(spec: ProcessSpec, options: RunOptions): Promise<FinishedProcess>;
}

export interface RunOptions {
  readonly timeoutMs: number;
  readonly maxBytes: number;
  /** Told how much it has printed, before that is read: to wait until there is room for it. */
  readonly admit?: (bytes: number) => Promise<void>;
}

export interface FinishedProcess {
  readonly exit: Exit;
  readonly output: Buffer;
  readonly errors: Buffer;
}

export interface UnitRunResult {
  readonly unit: UnitStatus;
  readonly output: Buffer;
  /** Position after the last byte of `output`. */
  readonly next: number;
}

export interface Units {
  /** Idempotent by `id` and `revision`. @throws {YardError} as Sandbox.exec, for a unit whose first start fails: see `runs[0].startError` */
  put(spec: UnitSpec): Promise<UnitStatus>;
  /** Puts the unit, waits for its first run to end, returns the first `maxBytes` of output and removes the unit: one round trip. */
  run(spec: UnitSpec, options: { maxBytes: number }): Promise<UnitRunResult>;
  list(): Promise<readonly UnitStatus[]>;
  get(id: string): Promise<UnitStatus>;
  start(id: string): Promise<UnitStatus>;
  stop(id: string, options: { graceMs: number }): Promise<UnitStatus>;
  remove(id: string): Promise<void>;
  /** Resolves when that run (default: the current one) has ended, or after `timeoutMs`. */
  ended(id: string, options: { run?: string; timeoutMs: number; signal?: AbortSignal }): Promise<UnitStatus>;
  output(
    id: string,
    options: { run?: string; position: number; maxBytes: number },
  ): Promise<OutputChunk & { readonly size: number }>;
  follow(id: string, options: { run?: string; position: number }): Readable;
  /** @param options.tree with the tree of processes of each: for the few that somebody looks at closely */
  usage(ids: readonly string[], options?: { tree?: boolean }): Promise<ReadonlyMap<string, ProcessUsage>>;
  /** Every change of any unit, beginning with all that are there; after a lost connection all of them again, from `synced` on complete. */
  watch(listener: (event: UnitEvent) => void): Disposable;
}

export type { RunStatus, UnitEvent, UnitSpec, UnitStatus };
