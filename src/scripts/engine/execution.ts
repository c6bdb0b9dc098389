/** One execution, inside the engine's process: evaluates a script and runs its event loop to the end.
 *
 *      prepare ─▶ evaluate ─▶ ┌ jobs until there are none ┐ ─▶ settled, and nothing held: completed
 *                             │ a timer that is due       │ ─▶ nothing left that could settle it: failed
 *                             └ wait: timer, reply, stop  ┘ ─▶ an error nobody caught, a limit, a stop: that
 */
import type { JSValueHandle } from "quickjs-wasi";
import { type CompiledScript, compileScript, type ModuleImport, ScriptSyntaxError } from "./compile.ts";
import type { Called, EngineInstance } from "./engine-instance.ts";
import { createEngineOutput, type EngineOutput } from "./engine-output.ts";
import { createEngineTimers } from "./engine-timers.ts";
import type { EngineHost } from "./engine-wiring.ts";
import { describeFailure } from "./failure-text.ts";
import { maxArgsBytes } from "./frames.ts";
import type { BeginOptions, DescribedError, DescribedValue } from "./guest/guest-host.ts";
import type { EngineMemory } from "./memory-image.ts";
import type { RunMessage } from "./messages.ts";
import type { ModuleSources } from "./module-sources.ts";
import type { ExecutionFailure, ExecutionStatus, ScriptResult } from "./outcome.ts";
import { wasmPageBytes } from "./wasm-memory.ts";

/** What an execution needs of its process. */
export interface ExecutionPort {
  output(bytes: Uint8Array): void;
  call(name: string, args: unknown, content: Uint8Array): Promise<Reply>;
  /** Whether it has been cancelled, asked from within a busy engine. */
  isCancelled(): boolean;
}

export interface Reply {
  readonly ok: boolean;
  readonly value: unknown;
  readonly content: Uint8Array;
}

export interface Ended {
  readonly status: ExecutionStatus;
  readonly failure?: ExecutionFailure;
  readonly result?: ScriptResult;
}

type Stop = "timed_out" | "cancelled" | "too_much_output";

const jobsPerTurn = 1_024;
const cancelPollMs = 5;
/** For telling what went wrong when no memory is left, in bytes. */
const reserveBytes = 2 * 1024 ** 2;
/** Memory that has grown so far, of its limit, was used up at some time: then even an error may have found no room, and what was thrown is null. */
const exhaustedShare = 0.75;
const evaluateScript = 0;
const evaluateModule = 1;

/** Of promises, as the engine numbers them. */
const pending = 0;
const fulfilled = 1;

/** Ends an execution from the inside of its own code. */
class Stopped extends Error {}
class NeverSettled extends Error {
  constructor() {
    super("The top-level await never resolved: nothing is left that could settle its promise.");
  }
}
class Failed extends Error {
  readonly error: JSValueHandle;
  constructor(error: JSValueHandle) {
    super("The script has failed.");
    this.error = error;
  }
}

export class Execution implements EngineHost {
  readonly #instance: EngineInstance;
  readonly #request: RunMessage;
  readonly #port: ExecutionPort;
  readonly #modules: ModuleSources;
  readonly #output: EngineOutput;
  readonly #timers = createEngineTimers();
  readonly #replies: (Reply & { readonly id: number })[] = [];
  readonly #rejections = new Map<number, JSValueHandle>();
  readonly #startedAt: number;
  readonly #deadline: number;
  #script: CompiledScript | undefined;
  #stop: Stop | undefined;
  #pendingCalls = 0;
  #wake: () => void = () => {};
  #lastPollMs = 0;

  constructor(
    instance: EngineInstance,
    request: RunMessage,
    parts: { port: ExecutionPort; modules: ModuleSources; startedAt: number },
  ) {
    this.#instance = instance;
    this.#request = request;
    this.#port = parts.port;
    this.#modules = parts.modules;
    this.#startedAt = parts.startedAt;
    this.#deadline = parts.startedAt + request.limits.timeoutMs;
    this.#output = createEngineOutput(request.limits.outputBytes, parts.port.output);
  }

  /** @param limitBytes what may be allocated in all
   *  @throws whatever broke the engine itself: it must not be used again */
  async run(source: string, image: EngineMemory, limitBytes: number): Promise<Ended> {
    try {
      this.#script = compileScript(source);
      await this.#fetchModules(this.#script.imports);
      this.#instance.load(image, this);
      this.#instance.limitBytes(limitBytes);
      this.#begin();
      using main = this.#evaluate(this.#script);
      await this.#runEventLoop(main);
      return { status: "completed", result: this.#resultOf(main) };
    } catch (error) {
      return this.#endedBy(error, limitBytes);
    } finally {
      this.#output.flush();
    }
  }

  /** Ends it as soon as it comes up for air; one that does not is ended by `isCancelled`. */
  cancel(): void {
    this.#stop ??= "cancelled";
    this.#wake();
  }

  async #fetchModules(imports: readonly ModuleImport[]): Promise<void> {
    if (imports.length === 0) return;
    const fetched = this.#modules.fetch(this.#request.name, imports);
    await Promise.race([fetched, this.#waitUntil(this.#deadline)]);
    this.#checkStop();
  }

  #begin(): void {
    const { limits, capabilities, format } = this.#request;
    const options: BeginOptions = { format, capabilities, maxTimers: limits.timers, maxCalls: limits.calls };
    using text = this.#instance.text(JSON.stringify(options));
    this.#take(this.#instance.callHook("begin", text)).dispose();
  }

  #evaluate({ code, kind }: CompiledScript): JSValueHandle {
    const flags = kind === "module" ? evaluateModule : evaluateScript;
    return this.#take(this.#instance.evaluate(code, this.#request.name, flags));
  }

  async #runEventLoop(main: JSValueHandle): Promise<void> {
    for (;;) {
      this.#runJobs();
      this.#output.flush();
      for (const reason of this.#rejections.values()) throw new Failed(reason);
      if (this.#deliverReply() || this.#fireTimer()) continue;
      const isPending = main.promiseState === pending;
      const isHeld = this.#timers.isHeld() || this.#pendingCalls > 0;
      if (!isHeld && !isPending) return;
      if (!isHeld) throw new NeverSettled();
      await this.#waitUntil(Math.min(this.#timers.nextAt() ?? this.#deadline, this.#deadline));
      this.#checkStop();
    }
  }

  #runJobs(): void {
    for (let more: boolean = true; more; ) {
      const outcome = this.#instance.runJobs(jobsPerTurn);
      if (typeof outcome !== "boolean") throw new Failed(outcome.error);
      more = outcome;
      this.interrupted();
      this.#checkStop();
    }
  }

  #fireTimer(): boolean {
    const id = this.#timers.takeDue(performance.now());
    if (id === undefined) return false;
    using number = this.#instance.number(id);
    this.#take(this.#instance.callHook("fireTimer", number)).dispose();
    return true;
  }

  #deliverReply(): boolean {
    const reply = this.#replies.shift();
    if (reply === undefined) return false;
    this.#pendingCalls--;
    using id = this.#instance.number(reply.id);
    using ok = this.#instance.boolean(reply.ok);
    using value = this.#instance.text(JSON.stringify(reply.value ?? null));
    using content = this.#instance.bytes(reply.content);
    this.#take(this.#instance.callHook("settle", id, ok, value, content)).dispose();
    return true;
  }

  /** Until then, or until something happens. */
  async #waitUntil(atMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    if (this.#stop !== undefined || this.#replies.length > 0) return;
    // A timer that fires a moment early would send us round once more.
    using _timer = setTimeout(resolve, Math.max(0, Math.ceil(atMs - performance.now())));
    await promise;
  }

  #checkStop(): void {
    if (this.#stop === undefined && performance.now() >= this.#deadline) this.#stop = "timed_out";
    if (this.#stop !== undefined) throw new Stopped();
  }

  #take(called: Called): JSValueHandle {
    if (called.ok) return called.value;
    throw new Failed(called.error);
  }

  #resultOf(main: JSValueHandle): ScriptResult {
    using final = this.#finalValue(main);
    if (final === undefined) return { lost: [] };
    if (final.promiseState === pending) return { lost: ["$: a promise that has not settled"] };
    using value = final.promiseState === fulfilled ? this.#instance.promiseResult(final) : final.dup();
    using text = this.#take(this.#instance.callHook("describeValue", value));
    const described: DescribedValue = JSON.parse(text.toString());
    const isTooLong = (described.json?.length ?? 0) > this.#request.limits.outputBytes;
    return isTooLong ? { lost: ["$: more than the limit of output"] } : described;
  }

  /** Of the last statement if it is an expression, else the default export. */
  #finalValue(main: JSValueHandle): JSValueHandle | undefined {
    using settled = this.#instance.promiseResult(main);
    if (this.#script?.kind === "function") return settled.isObject ? settled.getProp("0") : undefined;
    using boxed = settled.getProp(this.#script?.resultName || "default");
    if (boxed.isObject && this.#script?.resultName !== "") return boxed.getProp("0");
    return settled.getProp("default");
  }

  #endedBy(error: unknown, limitBytes: number): Ended {
    if (error instanceof ScriptSyntaxError)
      return { status: "failed", failure: { kind: "syntax", message: `SyntaxError: ${error.message}` } };
    if (error instanceof NeverSettled)
      return { status: "failed", failure: { kind: "unsettled", message: error.message } };
    if (this.#stop === "too_much_output") {
      const message = `Too much output: more than ${this.#request.limits.outputBytes} bytes`;
      return { status: "failed", failure: { kind: "too_much_output", message } };
    }
    if (this.#stop !== undefined) return { status: this.#stop };
    if (!(error instanceof Failed)) throw error;
    const isExhausted = this.#instance.pages * wasmPageBytes > limitBytes * exhaustedShare;
    this.#instance.limitBytes(limitBytes + reserveBytes);
    const described = this.#describe(error.error);
    return { status: "failed", failure: describeFailure({ ...described, isExhausted }, this.#request, this.#script) };
  }

  #describe(error: JSValueHandle): DescribedError {
    const text = this.#instance.callHook("describeError", error);
    return text.ok ? JSON.parse(text.value.toString()) : { message: "an error that cannot be described", stack: "" };
  }

  // What the code inside asks for, from here on.

  print(text: string): void {
    if (this.#stop === undefined && !this.#output.print(text)) this.#stop = "too_much_output";
  }

  setTimer(id: number, delayMs: number, held: boolean): void {
    this.#timers.set(id, delayMs, held);
  }

  clearTimer(id: number): void {
    this.#timers.clear(id);
  }

  call(id: number, name: string, args: string, content: Uint8Array): void {
    if (args.length > maxArgsBytes / 4) throw new RangeError(`${name}: the arguments are too large.`);
    this.#pendingCalls++;
    void this.#port.call(name, JSON.parse(args), content).then((reply) => {
      this.#replies.push({ id, ...reply });
      this.#wake();
    });
  }

  rejection(promise: JSValueHandle, reason: JSValueHandle, isHandled: boolean): void {
    if (isHandled) this.#rejections.delete(promise.identity);
    else this.#rejections.set(promise.identity, reason.dup());
  }

  resolveModule(referrer: string, specifier: string): string {
    return this.#modules.resolve(referrer, specifier);
  }

  loadModule(name: string): string {
    return this.#modules.source(name);
  }

  interrupted(): boolean {
    const now = performance.now();
    this.#output.flushIfOld(now);
    if (now - this.#lastPollMs > cancelPollMs) {
      this.#lastPollMs = now;
      if (this.#port.isCancelled()) this.#stop ??= "cancelled";
      if (now >= this.#deadline) this.#stop ??= "timed_out";
    }
    return this.#stop !== undefined;
  }

  elapsedMs(): number {
    return performance.now() - this.#startedAt;
  }
}
