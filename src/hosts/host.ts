/** A host as the control plane's domains see it: its agent, reached over whatever carries the connection. */
import type { Readable } from "node:stream";
import type { AgentInfo, HostResources, RunStatus, UnitEvent, UnitSpec, UnitStatus } from "../agent/protocol.ts";
import type { OutputChunk, ProcessUsage, SandboxDriver } from "../sandboxes/sandbox.ts";

export interface Host {
  readonly id: string;
  readonly name: string;
  /** Whether the agent answers now. While it does not, every call fails with `unavailable` after a short wait for it to come back. */
  readonly connected: boolean;
  info(): Promise<AgentInfo>;
  resources(): Promise<HostResources>;
  readonly units: Units;
  /** The agent's driver of that name, behind the same interface as in the agent. */
  driver(name: string): SandboxDriver;
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
