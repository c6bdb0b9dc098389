/** One execution in one engine process, as the pool sees it: what is sent, what may come back, and how it is ended from outside. */
import { errnoOf, YardError } from "../../platform/errors.ts";
import { after } from "../../platform/timers.ts";
import type { EngineChild } from "./engine-child.ts";
import { maxArgsBytes } from "./frames.ts";
import type { HeapCache } from "./heap-cache.ts";
import { applyChange, type HeapImage } from "./heap-image.ts";
import type { ExecutionLimits } from "./limits.ts";
import type { CallMessage, DoneMessage, EngineMessage } from "./messages.ts";
import type { ExecutionFailure, ExecutionStatus, ScriptResult } from "./outcome.ts";

/** What a call comes to. It is disposed of when it has left this process: until then its content takes memory here. */
export interface Answer extends Partial<Disposable> {
  readonly value?: unknown;
  readonly content?: Uint8Array;
}

/** What a script may ask of the control plane. */
export interface Capabilities {
  /** `fetch`, `fs`, `import`: those that are named exist in the script, the others do not. */
  readonly names: readonly string[];
  /** Answers a call of one of them (`fetch`, `fs.readFile`, `import`). What it throws is the script's to catch, with message and `code`. */
  call(name: string, args: unknown, content: Uint8Array, signal: AbortSignal): Promise<Answer>;
}

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
  /** As it is printed. While it is pending the script waits with printing more. */
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

/** What an engine has on top of the time limit to end by itself, before its process is killed. */
const graceMs = 250;
const cancelGraceMs = 100;
const megabyte = 1024 ** 2;
/** Frames of what was under way when the limit was reached. */
const outputSlackBytes = 64 * 1024;

const noCapabilities: Capabilities = {
  names: [],
  async call(name) {
    throw new YardError("forbidden", `${name} is not allowed.`);
  },
};

/** Runs it. Never throws for what the script or the engine does: that is an outcome. */
export async function runInChild(
  child: EngineChild,
  request: ExecutionRequest,
  { number, heaps, queuedMs }: { number: number; heaps: HeapCache; queuedMs: number },
): Promise<ExecutionOutcome> {
  const { limits, capabilities = noCapabilities } = request;
  const startedAt = performance.now();
  const over = new AbortController();
  const settled = Promise.withResolvers<ExecutionOutcome>();
  let isLate = false;
  let outputBytes = 0;
  let openCalls = 0;
  /** Sent with calls that have no answer yet. */
  let calledBytes = 0;

  const outcome = (status: ExecutionStatus, failure?: ExecutionFailure): ExecutionOutcome => ({
    status,
    failure,
    timings: { queuedMs, prepareMs: 0, runMs: performance.now() - startedAt },
  });

  function receive(message: EngineMessage, attachment: Buffer): void {
    if (message.type === "output") print(attachment);
    else if (message.type === "call") void answer(message, attachment);
    else if (message.type === "done" && message.execution === number) settled.resolve(finish(message, attachment));
    else throw new Error("The script engine has sent a message out of turn.");
  }

  function print(bytes: Buffer): void {
    outputBytes += bytes.length;
    if (outputBytes > limits.outputBytes + outputSlackBytes)
      throw new Error("The script engine prints beyond its limit.");
    request.onOutput?.(bytes);
  }

  async function answer({ call, name, argsBytes }: CallMessage, attachment: Buffer): Promise<void> {
    if (++openCalls > limits.calls + 1 || argsBytes > Math.min(maxArgsBytes, attachment.length)) return child.kill();
    calledBytes += attachment.length;
    let answered: Answer | undefined;
    try {
      answered = await ask(name, attachment.subarray(0, argsBytes), attachment.subarray(argsBytes));
      if (!over.signal.aborted) reply(call, true, answered.value, answered.content);
    } catch (error) {
      if (!over.signal.aborted) reply(call, false, describeRefusal(error));
    } finally {
      openCalls--;
      calledBytes -= attachment.length;
    }
    await child.flushed();
    answered?.[Symbol.dispose]?.();
  }

  async function ask(name: string, args: Buffer, content: Buffer): Promise<Answer> {
    if (calledBytes > limits.memoryMb * megabyte + maxArgsBytes)
      throw new RangeError("Too much data is under way at once: wait for some of it first.");
    const granted = capabilities.names.includes(name.split(".")[0] ?? "");
    return await (granted ? capabilities : noCapabilities).call(
      name,
      JSON.parse(args.toString()),
      content,
      over.signal,
    );
  }

  function reply(call: number, ok: boolean, value: unknown, content?: Uint8Array): void {
    child.send({ type: "reply", call, ok, value: value ?? null }, content ?? new Uint8Array());
  }

  function finish(message: DoneMessage, attachment: Buffer): ExecutionOutcome {
    const { status, failure, prepareMs, runMs } = message;
    const jsonBytes = message.result?.jsonBytes ?? 0;
    if (jsonBytes > Math.min(attachment.length, limits.outputBytes * 4))
      throw new Error("A result that cannot be right.");
    const json = message.result?.jsonBytes === undefined ? undefined : attachment.subarray(0, jsonBytes).toString();
    const isKept = status === "completed" && request.keepHeap === true;
    const before = request.heap ?? child.base;
    const heap = isKept && message.heap ? applyChange(before, message.heap, attachment.subarray(jsonBytes)) : undefined;
    if (heap) heaps.kept(heap.id, heap.memory.length);
    return {
      status,
      failure: status === "failed" ? failure : undefined,
      result: status === "completed" && message.result ? { json, lost: message.result.lost } : undefined,
      heap,
      timings: { queuedMs, prepareMs, runMs },
    };
  }

  function cancel(): void {
    child.flagCancelled(number);
    child.send({ type: "cancel", execution: number });
    cancelled = true;
    stopTimer = after(cancelGraceMs, () => child.kill());
  }
  let cancelled = false;
  let stopTimer: Disposable | undefined;

  child.listen(receive);
  using _deadline = after(limits.timeoutMs + graceMs, () => {
    isLate = true;
    child.kill();
  });
  request.signal?.addEventListener("abort", cancel, { once: true });
  try {
    start(child, request, { number, heaps, capabilities });
    if (request.signal?.aborted) cancel();
    const died = child.ended.then(() =>
      cancelled
        ? outcome("cancelled")
        : isLate
          ? outcome("timed_out")
          : outcome("failed", { kind: "crashed", message: "The script engine stopped unexpectedly." }),
    );
    const ended = await Promise.race([settled.promise, died]);
    return cancelled ? outcome("cancelled") : ended;
  } finally {
    over.abort();
    stopTimer?.[Symbol.dispose]();
    request.signal?.removeEventListener("abort", cancel);
    child.listen(undefined);
  }
}

function start(
  child: EngineChild,
  request: ExecutionRequest,
  { number, heaps, capabilities }: { number: number; heaps: HeapCache; capabilities: Capabilities },
): void {
  const source = Buffer.from(request.source);
  const resumed = request.heap && heaps.use(request.heap.id, request.heap.memory.length);
  const memory = request.heap && resumed?.isNew ? request.heap.memory : new Uint8Array();
  child.send(
    {
      type: "run",
      execution: number,
      name: request.name ?? "file:///main.js",
      sourceBytes: source.length,
      limits: request.limits,
      capabilities: capabilities.names,
      format: request.consoleFormat ?? "inspect",
      heap:
        request.heap && resumed
          ? {
              token: resumed.token,
              bytes: memory.length,
              stackPointer: request.heap.stackPointer,
              hooks: request.heap.hooks,
            }
          : undefined,
      keepAs: request.keepHeap ? heaps.reserve() : undefined,
      forget: heaps.takeForgotten(),
    },
    source,
    memory,
  );
}

/** What a script may know of an error of ours: the words that are meant for callers. */
function describeRefusal(error: unknown): { message: string; code?: string } {
  if (error instanceof YardError) return { message: error.message, code: error.field };
  return { message: error instanceof Error ? error.message : String(error), code: errnoOf(error) };
}
