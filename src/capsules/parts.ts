/** What the capsules need of the rest of the yard; the composition root hands it in. */
import type { Host } from "../hosts/host.ts";
import type { BlobStore } from "../platform/blobs/blob-store.ts";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/db/database.ts";
import type { Log } from "../platform/log.ts";
import type { CapsuleEvent } from "./capsule.ts";

export interface CapsuleParts {
  readonly database: Database;
  readonly hosts: CapsuleHosts;
  /** What is on its way from one host to another lies here in between. */
  readonly blobs: BlobStore;
  readonly events: EventSink;
  /** Hears of each event once it is so; what it does with it is not waited for. */
  tell(event: CapsuleEvent): void;
  /** Hears of each capsule that is made, or has another status, for who looks at lists of them. */
  changed?(capsule: { readonly id: string; readonly teamId: string }, kind: "added" | "changed"): void;
  /** Does what must work even on a full disk: what ends things, and the record of that. */
  essential<T>(work: () => Promise<T>): Promise<T>;
  readonly settings: CapsuleSettings;
  readonly clock: Clock;
  readonly log: CapsuleLog;
}

/** Those that this yard's capsules run on. Yards that share a database each act on the capsules of the hosts that they reach themselves, and on no
 *  others: so no capsule is ever acted on by two. */
export interface CapsuleHosts {
  /** Those that this yard reaches, or has reached. */
  list(): readonly Host[];
  /** Of any host: what people call it, and whether a yard reaches it. Undefined: nobody knows it. */
  find(id: string): Promise<{ readonly name: string; readonly isLive: boolean } | undefined>;
  /** The host that is fittest for it, of those that this yard reaches. @throws {YardError} unavailable (`host`), if none fits: why not which */
  place(wanted: WantedPlace): Promise<Host>;
}

export interface WantedPlace {
  readonly teamId: string;
  /** It must be usable there. */
  readonly driver: string;
  /** Nobody has asked for that very driver: where a host is tagged for one (`driver:NAME`), it is that one or none. */
  readonly yieldsToTag?: boolean;
  /** Not where the driver's sandboxes would be emulated, unless the host is tagged for it. */
  readonly unlessEmulated?: boolean;
  readonly hostId?: string;
  readonly vcpus: number;
  readonly memoryMb: number;
  readonly diskMb: number;
}

export interface CapsuleSettings {
  /** `auto`: the first of `preferredDrivers` that a host can have. */
  readonly driver: string;
  readonly quota: CapsuleQuota;
  readonly times?: Partial<CapsuleTimes>;
}

/** What one team's capsules may have all together, those that are paused among them. 0: no limit. */
export interface CapsuleQuota {
  readonly capsules: number;
  readonly vcpus: number;
  readonly memoryMb: number;
}

/** In milliseconds. */
export interface CapsuleTimes {
  /** Between two looks at what is idle. */
  readonly idleCheckMs: number;
  /** Between two looks at which hosts are there. */
  readonly hostCheckMs: number;
  /** Between two comparisons of a host with the table of capsules. */
  readonly reconcileMs: number;
  /** A host that does not answer for so long is taken to be away. */
  readonly missingAfterMs: number;
  /** Between two samples of a busy capsule. */
  readonly sampleMs: number;
  /** Between two tries to carry a part of one that is moved. */
  readonly moveRetryMs: number;
}

export interface EventSink {
  append(topic: string, subject: string, data: Readonly<Record<string, string | number | null>>): Promise<void>;
}

export type CapsuleLog = Pick<Log, "info" | "warn" | "error">;
