/** What the yard's own API is built on; yard.ts hands it in. */
import type { Readable } from "node:stream";
import type { CapsuleScope, Capsules, CapsuleTemplates } from "../../capsules/capsule.ts";
import type { Enrolment } from "../../hosts/enrolment.ts";
import type { Fleet } from "../../hosts/fleet.ts";
import type { Audit, Sessions } from "../../identity/identity.ts";
import type { Principal } from "../../identity/principal.ts";
import type { BlobStore } from "../../platform/blobs/blob-store.ts";
import type { UrlSigner } from "../../platform/blobs/signing.ts";
import type { ApiRequest } from "../../platform/http/api.ts";
import type { Snapshots } from "../../snapshots/snapshots.ts";
import type { TreeLimits } from "../../snapshots/working-tree.ts";
import type { ConsoleParts } from "./console-parts.ts";

export interface YardApiParts {
  readonly version: string;
  /** Who asks; at once for a credential that is remembered. @throws {YardError} unauthenticated */
  authenticate(request: ApiRequest): Principal | Promise<Principal>;
  readonly sessions: Pick<Sessions, "refresh">;
  readonly apps: AppOutputs;
  readonly console: ConsoleParts;
  /** What has to work before the yard can serve, by name; each rejects or resolves. */
  readonly readiness: Readonly<Record<string, () => Promise<unknown>>>;
  /** Prometheus text. */
  readonly metrics: { text(): Promise<{ readonly text: string; readonly contentType: string }> };
  /** Whether callers from other machines need no token for the metrics. */
  readonly metricsOpen: boolean;
  readonly hostAgents: HostAgentParts;
  readonly trees: TreesParts;
  readonly templates: TemplateParts;
  readonly capsuleMoves: CapsuleMoveParts;
  readonly audit: Audit;
  /** Does it even on a full disk. */
  essential<T>(work: () => Promise<T>): Promise<T>;
}

/** What agents of other machines ask for. */
export interface HostAgentParts {
  readonly hosts: Pick<Enrolment, "register" | "refresh" | "authenticate"> & Pick<Fleet, "moor">;
  /** Tries per minute and address; 0 is no limit. */
  readonly loginRate: number;
}

export interface TreesParts {
  readonly snapshots: Pick<Snapshots, "emptyId" | "open">;
  /** The id of the team whose snapshots are the user's; at once if it is known. */
  teamOf(principal: Principal): string | Promise<string>;
  /** Of a tree that is uploaded. */
  readonly limits: TreeLimits;
}

export interface TemplateParts {
  readonly importTemplate: CapsuleTemplates["import"];
  /** Whose templates a user makes. @throws {YardError} forbidden, for who may only look there */
  scopeOf(principal: Principal): Promise<CapsuleScope>;
}

export interface CapsuleMoveParts {
  readonly move: Capsules["move"];
  /** In whose name somebody moves it. @throws {YardError} not_found; forbidden, for who may only look there */
  scopeFor(principal: Principal, capsuleId: string): Promise<CapsuleScope>;
  /** As Wrenn's API spells it. @throws {YardError} invalid (`id`) */
  capsuleIdFromWire(text: string): string;
  /** A host's id as Wrenn's API spells it, as ours; any other text as it is. */
  hostFromWire(text: string): string;
  hostName(hostId: string): string | null;
}

/** Blobs, for whoever has a URL that the yard has signed. */
export interface SignedBlobs {
  readonly store: Pick<BlobStore, "put" | "get" | "head">;
  readonly signer: Pick<UrlSigner, "verify">;
  readonly uploads: {
    /** @throws {YardError} forbidden, when nobody waits for it any more */
    admit(key: string): Promise<void>;
    /** It is stored. */
    arrived(key: string): Promise<void>;
  };
}

export interface AppOutputs {
  /** Bytes from `position` on; `from` is higher when the oldest are gone. @throws {YardError} not_found, invalid */
  output(
    principal: Principal,
    name: string,
    request: {
      readonly position: number;
      readonly maxBytes: number;
      readonly runId?: string;
      /** In place of `runId`: the k-th run before the current or last one. */
      readonly index?: number;
    },
  ): Promise<{
    readonly bytes: Buffer;
    readonly from: number;
    readonly next: number;
    /** All that was printed so far. */
    readonly size: number;
    readonly run: { readonly id: string };
    /** The run had ended before the bytes were read. */
    readonly ended: boolean;
  }>;
  /** All bytes from `position` until that run has ended. */
  follow(
    principal: Principal,
    name: string,
    request: { readonly position: number; readonly runId?: string },
  ): Promise<Readable>;
}
