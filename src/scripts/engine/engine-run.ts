/** One execution in one engine process, as the pool sees it: what is sent, what may come back, and how it is ended from outside. */
import { after } from "../../platform/timers.ts";
import { type Capabilities, createCallAnswers, noCapabilities } from "./engine-calls.ts";
import type { EngineChild } from "./engine-child.ts";
import type { HeapCache } from "./heap-cache.ts";
import { applyChange, type HeapImage, pagesBeyond } from "./heap-image.ts";
import type { ExecutionLimits } from "./limits.ts";
import { bytesOf } from "./memory-image.ts";
import type { DoneMessage, EngineMessage, RunMessage } from "./messages.ts";
import type { ExecutionFailure, ExecutionStatus, ScriptResult } from "./outcome.ts";

export interface ExecutionRequest {
  readonly source: string;
  /** As stacks show it: `file:///main_7.js`. */
  readonly name?: string;
  /** Whose it is: turns are taken between them, and they share no process's memory of images. */
  readonly fairnessKey: string;
  /** What it resumes. Absent: a fresh start. */
  readonly heap?: HeapImage;
  /** Whether its memory is wanted afterwards. */
  readonly keepHeap?: boolean;
  readonly limits: ExecutionLimits;
  readonly capabilities?: Capabilities;
  /** `json` prints every argument that is no string as JSON. */
  readonly consoleFormat?: "inspect" | "json";
  readonly signal?: AbortSignal;
  /** As it is printed: `limits.outputBytes` in all, and at most {@link outputSlackBytes} beyond. Nothing holds the script back while it prints so
   *  much: whoever listens has room for it. */
  onOutput?(bytes: Uint8Array): void;
}

export interface ExecutionOutcome {
  readonly status: ExecutionStatus;
  readonly failure?: ExecutionFailure;
  readonly result?: ScriptResult;
  /** If it completed, and was wanted. */
  readonly heap?: HeapImage;
  readonly timings: { readonly queuedMs: number; readonly prepareMs: number; readonly runMs: number };
}

/** Of one execution in its process. */
export interface Turn {
  /** Greater than that of every execution before it. */
  readonly number: number;
  readonly heaps: HeapCache;
  readonly queuedMs: number;
}

/** What an engine has on top of the time limit to end by itself, before its process is killed. */
const graceMs = 250;
const cancelGraceMs = 100;
/** Why calls are aborted. Without a reason an error would be made for each execution, with its stack: 0.1 ms. */
const isOver = new Error("The execution is over.");
/** Frames of what was under way when the limit was reached. */
export const outputSlackBytes = 64 * 1024;

/** Runs it. Never throws for what the script or the engine does: that is an outcome. */
export async function runInChild(child: EngineChild, request: ExecutionRequest, turn: Turn): Promise<ExecutionOutcome> {
  const startedAt = performance.now();
  const { limits, capabilities = noCapabilities } = request;
  const over = new AbortController();
  const done = Promise.withResolvers<ExecutionOutcome>();
  const print = createPrinter(request);
  const answer = createCallAnswers(child, { limits, capabilities, signal: over.signal });

  function receive(message: EngineMessage, attachment: Buffer): void {
    if (message.type === "output") print(attachment);
    else if (message.type === "call") void answer(message, attachment);
    else if (message.type === "done" && message.execution === turn.number)
      done.resolve(outcomeOf(message, attachment, { child, request, turn }));
    else throw new Error("The script engine has sent a message out of turn.");
  }

  using watch = watchOver(child, request, turn.number);
  child.listen({ said: receive, ended: () => done.resolve(deathOf(watch.reason, turn, startedAt)) });
  try {
    start(child, request, turn);
    watch.begin();
    const ended = await done.promise;
    return watch.reason === "cancelled" ? { status: "cancelled", timings: ended.timings } : ended;
  } finally {
    over.abort(isOver);
    child.listen(undefined);
  }
}

function deathOf(reason: Watch["reason"], { queuedMs }: Turn, startedAt: number): ExecutionOutcome {
  const timings = { queuedMs, prepareMs: 0, runMs: performance.now() - startedAt };
  if (reason !== undefined) return { status: reason, timings };
  return {
    status: "failed",
    failure: { kind: "crashed", message: "The script engine stopped unexpectedly." },
    timings,
  };
}

function createPrinter({ limits, onOutput }: ExecutionRequest): (bytes: Buffer) => void {
  let outputBytes = 0;
  return (bytes) => {
    outputBytes += bytes.length;
    if (outputBytes > limits.outputBytes + outputSlackBytes)
      throw new Error("The script engine prints beyond its limit.");
    onOutput?.(bytes);
  };
}

interface Watch extends Disposable {
  /** Why it was told to end. */
  readonly reason: "cancelled" | "timed_out" | undefined;
  /** To be called when it was sent: what was cancelled before is cancelled now. */
  begin(): void;
}

/** Ends the execution when it is cancelled, and its process when that does not end it, or when it is late. */
function watchOver(child: EngineChild, { signal, limits }: ExecutionRequest, number: number): Watch {
  const timers = new DisposableStack();
  let reason: Watch["reason"];
  const cancel = () => {
    reason = "cancelled";
    child.flagCancelled(number);
    child.send({ type: "cancel", execution: number });
    timers.use(after(cancelGraceMs, () => child.kill()));
  };
  timers.use(
    after(limits.timeoutMs + graceMs, () => {
      reason ??= "timed_out";
      child.kill();
    }),
  );
  timers.defer(() => signal?.removeEventListener("abort", cancel));
  return {
    get reason() {
      return reason;
    },
    begin() {
      signal?.addEventListener("abort", cancel, { once: true });
      if (signal?.aborted) cancel();
    },
    [Symbol.dispose]: () => timers.dispose(),
  };
}

function start(child: EngineChild, request: ExecutionRequest, { number, heaps }: Turn): void {
  const source = Buffer.from(request.source);
  const { heap, pages } = request.heap ? resume(request.heap, child.base, heaps) : { heap: undefined, pages: [] };
  const message: RunMessage = {
    type: "run",
    execution: number,
    name: request.name ?? "file:///main.js",
    sourceBytes: source.length,
    limits: request.limits,
    capabilities: request.capabilities?.names ?? [],
    format: request.consoleFormat ?? "inspect",
    heap,
    keepAs: request.keepHeap ? heaps.reserve() : undefined,
    forget: heaps.takeForgotten(),
  };
  child.send(message, source, ...pages);
}

/** The image by its number, and, unless the process has it, the pages by which it differs from where all executions start. */
function resume(
  image: HeapImage,
  base: HeapImage,
  heaps: HeapCache,
): { heap: RunMessage["heap"]; pages: readonly Uint8Array[] } {
  const { token, isNew } = heaps.use(image.id, bytesOf(image));
  if (!isNew) return { heap: { token }, pages: [] };
  const changed = pagesBeyond(image, base);
  const { stackPointer, hooks, pages } = image;
  return {
    heap: { token, sent: { stackPointer, hooks, pages: pages.length, changed } },
    pages: changed.map((page) => pages[page]!),
  };
}

interface Ran {
  readonly child: EngineChild;
  readonly request: ExecutionRequest;
  readonly turn: Turn;
}

/** @throws {Error} if it cannot be right */
function outcomeOf(message: DoneMessage, attachment: Buffer, { child, request, turn }: Ran): ExecutionOutcome {
  const { status, failure, result, prepareMs, runMs } = message;
  const jsonBytes = result?.jsonBytes ?? 0;
  if (jsonBytes > Math.min(attachment.length, request.limits.outputBytes * 4))
    throw new Error("A result that cannot be right.");
  const json = result?.jsonBytes === undefined ? undefined : attachment.subarray(0, jsonBytes).toString();
  const isKept = status === "completed" && request.keepHeap === true;
  const before = request.heap ?? child.base;
  const heap = isKept && message.heap ? applyChange(before, message.heap, attachment.subarray(jsonBytes)) : undefined;
  if (heap) turn.heaps.kept(heap.id, bytesOf(heap));
  return {
    status,
    failure: status === "failed" ? failure : undefined,
    result: status === "completed" && result ? { json, lost: result.lost } : undefined,
    heap,
    timings: { queuedMs: turn.queuedMs, prepareMs, runMs },
  };
}
