/** The way of one execution from its turn to its end. */
import { isYardError, YardError } from "../platform/errors.ts";
import type { Log } from "../platform/log.ts";
import type { WorkingTree } from "../snapshots/working-tree.ts";
import { createCapabilities, type Reach } from "./capabilities/capabilities.ts";
import { type FileTrees, openMount } from "./capabilities/mount.ts";
import type { Policy } from "./capabilities/policy.ts";
import type { Capabilities } from "./engine/engine-calls.ts";
import type { EnginePool } from "./engine/engine-pool.ts";
import type { ExecutionOutcome } from "./engine/engine-run.ts";
import type { HeapImage } from "./engine/heap-image.ts";
import type { ExecutionLimits } from "./engine/limits.ts";
import { type EndStatus, type ExecutionEnd, endWithout } from "./execution.ts";
import type { Tags } from "./heap-tags.ts";
import type { Heaps, UnsavedHeap } from "./heaps.ts";
import type { LiveExecution } from "./live-execution.ts";
import type { Place } from "./start-queue.ts";

export type Engine = Pick<EnginePool, "execute" | "base">;

export interface Run {
  readonly source: string;
  readonly limits: ExecutionLimits;
  readonly heapIn: string | null;
  readonly session: string | null;
  readonly tags: Tags | undefined;
  /** What to mount. */
  readonly fs: string | undefined;
}

export interface RunParts {
  readonly engine: Engine;
  readonly heaps: Heaps;
  readonly files: FileTrees;
  /** Of files that are mounted. */
  readonly maxFilesBytes: number;
  /** What scripts of the team may reach. */
  policyOf(teamId: string): Policy;
  readonly reach: Reach;
  readonly keepHeaps: boolean;
  readonly consoleFormat: "inspect" | "json";
  readonly log: Log;
}

/** Resolves at its end, whatever that is. @param place given back then */
export async function runExecution(live: LiveExecution, run: Run, place: Place, parts: RunParts): Promise<void> {
  using _place = place;
  const submittedAt = performance.now();
  const left = Promise.withResolvers<void>();
  live.signal.addEventListener("abort", () => left.resolve(), { once: true });
  try {
    await Promise.race([place.turn, left.promise]);
    if (live.signal.aborted) return;
    await runInTurn(live, run, { ...parts, place }, performance.now() - submittedAt);
  } catch (error) {
    await live.end(endWithout("failed", reasonOf(error, live, parts.log)));
  }
}

/** What its submitter may know of why it could not be run: not what happens inside of the server. */
function reasonOf(error: unknown, { id }: LiveExecution, log: Log): string {
  const isTheirs = isYardError(error) && ["invalid", "precondition", "not_found"].includes(error.code);
  if (!isTheirs) log.error({ err: error, executionId: id }, "a script could not be run");
  return isYardError(error) ? error.message : "The script could not be run; the server's log says why.";
}

async function runInTurn(
  live: LiveExecution,
  run: Run,
  parts: RunParts & { readonly place: Place },
  waitedMs: number,
): Promise<void> {
  const { engine, heaps, keepHeaps, consoleFormat, log } = parts;
  const resumed = run.heapIn === null ? undefined : await heaps.load(live.teamId, run.heapIn);
  const files = run.fs === undefined ? undefined : await mountFiles(live.teamId, run.fs, run, parts);
  const policy = () => parts.policyOf(live.teamId);
  const request = {
    source: run.source,
    fairnessKey: live.teamId,
    heap: resumed,
    keepHeap: keepHeaps,
    limits: run.limits,
    capabilities: onceBegun(
      live,
      createCapabilities({ files, policy, reach: parts.reach, maxAnswerBytes: memoryBytes(run), log }),
    ),
    consoleFormat,
    signal: live.signal,
    onOutput: (bytes: Uint8Array) => live.print(bytes),
  };
  const outcome = await engine.execute(request).catch(withoutInside);
  parts.place.endTurn();
  if (live.signal.aborted) return; // it has been given its end from outside
  await live.begun;
  const fsOut = outcome.status === "completed" && files ? await saveFiles(files) : null;
  const heap = outcome.heap && (await stageHeap(live.teamId, outcome.heap, resumed, parts));
  const end = endOf(outcome, { fsOut, waitedMs });
  await live.end(end, { heap, withoutHeap: heapNotSaved, tags: run.tags, step: stepOf(run, end) });
}

/** It runs while its beginning is being saved, to gain that time. Until it is saved nothing of what it does may reach anything: its submitter may be told yet that
 *  it was refused. */
function onceBegun({ begun }: LiveExecution, capabilities: Capabilities): Capabilities {
  return {
    names: capabilities.names,
    async call(...called) {
      await begun;
      return await capabilities.call(...called);
    },
  };
}

/** Why an engine does not start is the operator's business: it speaks of paths. */
function withoutInside(error: unknown): never {
  if (!isYardError(error, "unavailable")) throw error;
  throw new YardError("unavailable", "No script engine could be started; the server's log says why.", { cause: error });
}

async function mountFiles(teamId: string, handle: string, run: Run, parts: RunParts): Promise<WorkingTree> {
  const limits = { maxBytes: parts.maxFilesBytes, maxReadBytes: memoryBytes(run) };
  return openMount(parts.files, { teamId, handle, limits }).catch((error: unknown) => explain(error, "fs mount"));
}

/** What a script is given at once is to fit into its memory. */
function memoryBytes({ limits }: Run): number {
  return limits.memoryMb * 1024 ** 2;
}

async function saveFiles(files: WorkingTree): Promise<string> {
  return files.save().catch((error: unknown) => explain(error, "fs snapshot flush failed"));
}

const savingHeap = "Error saving heap";

async function stageHeap(
  teamId: string,
  image: HeapImage,
  resumed: HeapImage | undefined,
  { engine, heaps }: RunParts,
): Promise<UnsavedHeap | undefined> {
  const parent = resumed ?? (await engine.base());
  return await heaps.stage(teamId, image, parent).catch((error: unknown) => explain(error, savingHeap));
}

function heapNotSaved(error: unknown): ExecutionEnd {
  return endWithout("failed", explained(error, savingHeap).message);
}

/** Says which step has failed, in words that clients know. */
function explain(error: unknown, what: string): never {
  throw explained(error, what);
}

function explained(error: unknown, what: string): YardError {
  if (!isYardError(error)) return new YardError("internal", `${what}: the server's log says why.`, { cause: error });
  return new YardError(error.code, `${what}: ${error.message}`, { cause: error });
}

/** Words that clients know. */
const endings = {
  completed: null,
  failed: "The script has failed.",
  timed_out: "Execution timed out",
  cancelled: "Cancelled by user",
} as const satisfies Record<EndStatus, string | null>;

function endOf(
  { status, failure, result, heap, timings }: ExecutionOutcome,
  { fsOut, waitedMs }: { fsOut: string | null; waitedMs: number },
): ExecutionEnd {
  return {
    status,
    error: failure?.message ?? endings[status],
    result: result?.json ?? null,
    lost: result?.lost ?? [],
    queuedMs: waitedMs + timings.queuedMs,
    runMs: timings.prepareMs + timings.runMs,
    heapOut: heap?.id ?? null,
    fsOut,
  };
}

function stepOf({ session, source, heapIn }: Run, { status, heapOut, fsOut }: ExecutionEnd) {
  if (session === null || status !== "completed") return undefined;
  return { session, source, heapIn, heapOut, fsOut };
}

export const cancelledEnd = endWithout("cancelled", endings.cancelled);
