/** What the MCP server is built on; yard.ts hands it in. */
import type { TSchema } from "typebox";
import type { Apps } from "../../apps/apps.ts";
import type { Audit } from "../../identity/identity.ts";
import type { Principal } from "../../identity/principal.ts";
import type { Actor } from "../../identity/trail.ts";
import type { Clock } from "../../platform/clock.ts";
import type { ApiRequest } from "../../platform/http/api.ts";
import type { Execution, ExecutionSummary } from "../../scripts/execution.ts";
import type { OutputPage, PageRequest } from "../../scripts/output-pages.ts";
import type { Scripts, Submission } from "../../scripts/scripts.ts";
import type { Snapshots } from "../../snapshots/snapshots.ts";

export interface Caller {
  /** Whose executions, heaps and labels it sees. */
  readonly teamId: string;
  readonly actor: Actor;
  /** Absent: a program of this machine that sent no token. */
  readonly principal?: Principal;
}

/** `stateless`: the one tool for scripts waits for the end and answers with the output. `stateful`: it answers at once, and there are tools for
 *  executions, memories and files. */
export type McpMode = "stateful" | "stateless";

export interface McpParts {
  readonly version: string;
  readonly mode: McpMode;
  /** Whether the memory that a script leaves is kept. */
  readonly keepHeaps: boolean;
  /** Names that requests may ask for, besides addresses and the loopback names. */
  readonly hosts: readonly string[];
  /** At once where nothing has to be looked up. @throws {YardError} unauthenticated, forbidden */
  identify(request: ApiRequest): Caller | Promise<Caller>;
  readonly audit: Audit;
  readonly clock: Clock;
  /** Does it even on a full disk. */
  essential<T>(work: () => Promise<T>): Promise<T>;
  readonly scripts: Scripts;
  readonly snapshots: Pick<Snapshots, "labels" | "merge">;
  readonly apps: Pick<Apps, "list" | "runSync">;
  readonly words: ScriptWords;
  readonly schemas: ScriptSchemas;
  /** Of the REST API, as Markdown. */
  readonly restGuide: string;
  /** The REST API's OpenAPI document, as JSON. */
  openapi(): Promise<string>;
}

/** How executions are told over REST. A tool tells them in the same words. */
export interface ScriptWords {
  submissionFromWire(request: {
    readonly code: string;
    readonly heap?: string | null;
    readonly fs?: string | null;
    readonly session?: string | null;
    readonly heap_memory_max_mb?: number | null;
    readonly execution_timeout_secs?: number | null;
    readonly tags?: Record<string, string> | null;
  }): Submission;
  summaryToWire(summary: ExecutionSummary): object;
  executionToWire(execution: Execution): object;
  pageRequestFromWire(query: {
    readonly line_offset?: number;
    readonly line_limit?: number;
    readonly byte_offset?: number;
    readonly byte_limit?: number;
  }): PageRequest;
  outputToWire(id: string, page: OutputPage & Pick<Execution, "status">): object;
}

/** The shapes of what `ScriptWords` makes. */
export interface ScriptSchemas {
  readonly ExecutionInfo: TSchema;
  readonly ExecutionList: TSchema;
  readonly ExecutionOutput: TSchema;
  readonly CancelResult: TSchema;
}
