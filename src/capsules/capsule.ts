/** Capsules: long-lived sandboxes that a team owns, each with files, processes, limits and a network of its own. What is said here holds whichever
 *  driver runs one; what only some can do is said by `keeps`. */
import type { Duplex } from "node:stream";
import type { SandboxFiles } from "../sandboxes/sandbox.ts";
import type { Commands } from "./commands/commands.ts";

/** `pending`: asked for, not yet running. `hibernated`: its host was restarted, or its machine has ended; of it the files were kept, and nothing else.
 *  `missing`: its host cannot be reached. `stopped` and `error` (it never ran) are final. */
export const capsuleStatuses = [
  "pending",
  "starting",
  "running",
  "paused",
  "hibernated",
  "missing",
  "stopped",
  "error",
] as const;
export type CapsuleStatus = (typeof capsuleStatuses)[number];

export interface Capsule {
  readonly id: string;
  readonly teamId: string;
  readonly status: CapsuleStatus;
  /** As it was called when the capsule was created. */
  readonly template: string;
  readonly vcpus: number;
  readonly memoryMb: number;
  readonly diskMb: number;
  /** It is paused once nothing has happened in it for so long; 0: never. */
  readonly idleTimeoutSeconds: number;
  readonly driver: string;
  readonly hostId: string;
  /** What pausing keeps besides the files: memory in place, which a restart of the host ends; memory on disk; nothing. */
  readonly keeps: "frozen" | "saved" | "none";
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Of the last start or resumption. */
  readonly startedAt?: number;
  readonly lastActiveAt?: number;
  /** Why it is `error`, `missing` or `hibernated`, in words. */
  readonly reason?: string;
}

/** Who does something to a team's capsules. */
export interface Actor {
  readonly kind: "user" | "apiKey" | "system";
  /** Of the user or the key; absent for the system. */
  readonly id?: string;
  readonly name?: string;
}

export interface NewCapsule {
  /** `minimal` if absent. */
  readonly template?: string;
  /** Absent, 0 or less: 1. */
  readonly vcpus?: number;
  /** Absent, 0 or less: 512. */
  readonly memoryMb?: number;
  /** Absent, 0 or less: never paused by itself. */
  readonly idleTimeoutSeconds?: number;
  /** The yard's own choice if absent: see docs/capsules.md. */
  readonly driver?: string;
  /** A host by its id; the best one that fits if absent. */
  readonly hostId?: string;
}

export interface CapsuleScope {
  readonly teamId: string;
  readonly actor: Actor;
}

/** All of them: not_found for a capsule that there is not, or that is another team's; conflict, if its status does not allow it (`details.status`);
 *  unavailable, while its host cannot be reached. */
export interface Capsules extends AsyncDisposable {
  /** Resolves once it runs. @throws {YardError} invalid, not_found (`template`), unavailable (`host`: none fits, and why), too_many (the team's quota) */
  create(scope: CapsuleScope, wanted: NewCapsule): Promise<Capsule>;
  /** Newest first, without those that are final. */
  list(teamId: string): Promise<readonly Capsule[]>;
  /** In any status. */
  get(teamId: string, id: string): Promise<Capsule>;
  /** Whatever the team, for who is let in by the capsule's name alone: the proxy of its ports. */
  find(id: string): Promise<Capsule | undefined>;
  /** It is in use: the time until it pauses by itself begins anew. */
  ping(teamId: string, id: string): Promise<void>;
  pause(scope: CapsuleScope, id: string): Promise<Capsule>;
  resume(scope: CapsuleScope, id: string): Promise<Capsule>;
  /** Takes one in which nothing runs to another host, with all that its pause keeps: either it is there whole, or it stays whole where it is. Resolves once it
   *  is there; nothing, if it is there already.
   *  @param wanted.host its id, or the name that it alone has
   *  @throws {YardError} precondition, where the driver, or that host (another processor), cannot; unavailable (`host`), if that host does not take it; storage_full */
  move(scope: CapsuleScope, id: string, wanted: { readonly host: string }): Promise<Capsule>;
  /** In any status; again does nothing. */
  destroy(scope: CapsuleScope, id: string): Promise<void>;
  /** A running capsule, to work in. */
  enter(teamId: string, id: string): Promise<Inside>;
  readonly onHosts: CapsulesOnHosts;
  readonly templates: CapsuleTemplates;
  readonly measures: CapsuleMeasures;
  /** Ends all that a removed team has, and removes what is left of it. May be called again. */
  clearTeam(teamId: string): Promise<void>;
}

/** For whoever looks after the hosts. */
export interface CapsulesOnHosts {
  /** Those that are not over. */
  list(hostId: string): Promise<readonly Capsule[]>;
  /** Ends all that is there, templates too. Of a host that cannot be reached they are over all the same. */
  clear(hostId: string, actor: Actor): Promise<void>;
}

/** A running capsule from inside. */
export interface Inside {
  readonly capsule: Capsule;
  /** @throws {YardError} precondition, where the driver has none */
  readonly files: SandboxFiles;
  readonly commands: Commands;
  /** A TCP connection to a port inside. @throws {YardError} unavailable, if nothing listens there */
  dial(port: number): Promise<Duplex>;
}

export interface CapsuleTemplate {
  readonly name: string;
  readonly kind: "base" | "snapshot";
  /** Of nobody, and everybody's to use. */
  readonly isShared: boolean;
  /** Empty: every driver has it. */
  readonly driver: string;
  /** Of a snapshot: what its capsules get. */
  readonly vcpus?: number;
  readonly memoryMb?: number;
  readonly sizeBytes: number;
  readonly createdAt: number;
}

export interface WantedImport {
  readonly name: string;
  readonly archive: AsyncIterable<Uint8Array>;
  readonly isShared?: boolean;
  readonly driver?: string;
  /** It is made ready for capsules of that size: the first of them has not to wait for more than the next. */
  readonly readyFor?: { readonly vcpus: number; readonly memoryMb: number };
}

export interface CapsuleTemplates {
  /** The team's and the shared ones, newest first; `minimal` is always there. */
  list(teamId: string, options?: { kind?: string }): Promise<readonly CapsuleTemplate[]>;
  /** Makes a template of a running or paused capsule, which is paused then and can be resumed.
   *  @throws {YardError} conflict: the name is taken (`name`; `details.reserved` if by a shared one), or the capsule neither runs nor is paused */
  capture(
    scope: CapsuleScope,
    wanted: { capsuleId: string; name?: string; replace?: boolean },
  ): Promise<CapsuleTemplate>;
  /** Of a tar archive of a root file system; shared for administrators who ask for it. */
  import(scope: CapsuleScope, wanted: WantedImport): Promise<CapsuleTemplate>;
  /** @throws {YardError} not_found; forbidden, for a shared one (administrators remove those with `isShared`) */
  remove(scope: CapsuleScope, name: string, options?: { isShared?: boolean }): Promise<void>;
}

export interface MetricPoint {
  /** Milliseconds. */
  readonly at: number;
  /** 0 to 100, of all its vcpus. */
  readonly cpuPercent: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
}

export interface TeamSeries {
  readonly current: { readonly running: number; readonly vcpus: number; readonly memoryMb: number };
  /** Of the last 30 days. */
  readonly peaks: { readonly running: number; readonly vcpus: number; readonly memoryMb: number };
  /** The maxima within each bucket that has samples, oldest first. */
  readonly buckets: readonly {
    readonly at: number;
    readonly running: number;
    readonly vcpus: number;
    readonly memoryMb: number;
  }[];
}

export const metricRanges = ["5m", "10m", "1h", "2h", "6h", "12h", "24h"] as const;
export type MetricRange = (typeof metricRanges)[number];
export const statsRanges = ["5m", "1h", "6h", "24h", "30d"] as const;
export type StatsRange = (typeof statsRanges)[number];

export interface CapsuleMeasures {
  /** Of a running or paused capsule, oldest first. @throws {YardError} not_found, in any other status */
  ofCapsule(teamId: string, id: string, range: MetricRange): Promise<readonly MetricPoint[]>;
  ofTeam(teamId: string, range: StatsRange): Promise<TeamSeries>;
}

/** What others may want to know of. */
export interface CapsuleEvent {
  readonly event:
    | "capsule.created"
    | "capsule.running"
    | "capsule.paused"
    | "capsule.destroyed"
    | "template.snapshot.created"
    | "template.snapshot.deleted";
  readonly at: number;
  readonly teamId: string;
  readonly actor: Actor;
  /** The capsule's id, or the template's name. */
  readonly resource: { readonly type: "capsule" | "template"; readonly id: string };
}
