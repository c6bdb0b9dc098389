/** One engine: a WebAssembly instance whose whole state is its linear memory and one register. Loading an image into it is a copy, some 20
 *  times as fast as making a new one, and leaves nothing of what ran before: every byte is overwritten, none stays beyond the image. */
import { type JSValueHandle, QuickJS, type Snapshot } from "quickjs-wasi";
import type { EngineBinaries, Polyfills } from "./engine-binaries.ts";
import { type EngineHost, type EngineWiring, type Wired, wireEngine } from "./engine-wiring.ts";
import type { GuestHooks } from "./guest/guest-host.ts";
import { guestScripts } from "./guest-source.ts";
import { type EngineMemory, heapPageBytes, type LiveMemory, pagesOf } from "./memory-image.ts";
import { wasmPageBytes, withMemoryMaximum } from "./wasm-memory.ts";

/** The image of an engine that has run nothing yet. */
export interface EngineBase extends EngineMemory {
  /** What is allocated in it, in bytes. */
  readonly usedBytes: number;
  /** Of the engine before it was given its globals, with what the library needs to make another instance. Every image is at least as large. */
  readonly blank: Snapshot;
}

export type Called =
  | { readonly ok: true; readonly value: JSValueHandle }
  | { readonly ok: false; readonly error: JSValueHandle };

/** Of the engine's native stack, in bytes: half of what the binary has, which leaves room to handle an overflow. */
const stackBytes = 512 * 1024;
/** Free memory at the end of the base image: most scripts do with it, and an engine that has not grown can be used for the next fresh start. */
const roomBytes = 384 * 1024;
/** As stacks of errors show it. */
const globalsName = "runyard:globals";

type Exports = ReturnType<QuickJS["_getExports"]>;

export class EngineInstance {
  readonly maximumPages: number;
  readonly #vm: QuickJS;
  readonly #exports: Exports;
  #wired: Wired | undefined;
  #hooks = 0;
  #held: EngineMemory | undefined;

  private constructor(vm: QuickJS, maximumPages: number) {
    this.#vm = vm;
    this.#exports = vm._getExports();
    this.maximumPages = maximumPages;
  }

  get pages(): number {
    return this.#exports.memory.buffer.byteLength / wasmPageBytes;
  }

  /** Puts `image` in place of all that is there. `host` answers from now on.
   *  @throws {RangeError} if this instance has grown beyond the image, or may not become as large */
  load(image: EngineMemory, host: EngineHost): void {
    if (!this.holds(image)) this.#copyFrom(image);
    this.#held = undefined; // it changes from now on
    this.#hooks = image.hooks;
    this.#wired = { host, nothing: this.#vm.getUndefined() };
  }

  #copyFrom({ pages, stackPointer }: EngineMemory): void {
    const missing = (pages.length * heapPageBytes) / wasmPageBytes - this.pages;
    if (missing < 0) throw new RangeError("The engine's memory is larger than the image: it cannot shrink.");
    if (missing > 0) this.#exports.memory.grow(missing);
    const target = new Uint8Array(this.#exports.memory.buffer);
    const live = Math.floor(stackPointer / heapPageBytes); // what lies below the stack's top is dead, in every image
    target.fill(0, 0, live * heapPageBytes);
    for (let page = live; page < pages.length; page++) target.set(pages[page]!, page * heapPageBytes);
    this.#exports.__stack_pointer.value = stackPointer;
  }

  /** Ends what was loaded.
   *  @returns its memory, with the dead part of the stack cleared: a view, good until the next load */
  memory(): LiveMemory {
    this.#wired?.nothing.dispose();
    this.#wired = undefined;
    const memory = new Uint8Array(this.#exports.memory.buffer);
    const stackPointer = Number(this.#exports.__stack_pointer.value);
    memory.fill(0, 0, stackPointer);
    return { memory, stackPointer, hooks: this.#hooks };
  }

  /** `image` is what `memory` has given, and nothing has run since: whoever goes on with it finds it in place. */
  hold(image: EngineMemory): void {
    this.#held = image;
  }

  holds(image: EngineMemory): boolean {
    return this.#held === image;
  }

  limitBytes(bytes: number): void {
    this.#exports.qjs_set_memory_limit(bytes);
  }

  evaluate(code: string, name: string, flags: number): Called {
    const source = this.#vm._writeString(code);
    const file = this.#vm._writeString(name);
    const result = this.#exports.qjs_eval(source.ptr, source.len, file.ptr, flags);
    this.#exports.wasm_free(source.ptr);
    this.#exports.wasm_free(file.ptr);
    return this.#outcome(result);
  }

  callHook(name: keyof GuestHooks, ...args: readonly JSValueHandle[]): Called {
    using hooks = this.#vm.importHandle(this.#hooks);
    using hook = hooks.getProp(name);
    return this.call(hook, args);
  }

  call(callee: JSValueHandle, args: readonly JSValueHandle[]): Called {
    using self = this.#vm.getUndefined();
    const list = this.#exports.wasm_malloc(Math.max(1, args.length) * 4);
    const view = new DataView(this.#exports.memory.buffer);
    for (const [index, argument] of args.entries()) view.setUint32(list + index * 4, argument.ptr, true);
    const result = this.#exports.qjs_call(callee.ptr, self.ptr, args.length, list);
    this.#exports.wasm_free(list);
    return this.#outcome(result);
  }

  /** Runs at most `most` of the waiting jobs (continuations of promises).
   *  @returns whether there are more, or the error of a job that could not be caught: an interruption, or no memory left */
  runJobs(most: number): boolean | { readonly error: JSValueHandle } {
    for (let count = 0; count < most; count++) {
      if (this.#exports.qjs_is_job_pending() === 0) return false;
      if (this.#exports.qjs_execute_pending_job() < 0) return { error: this.#vm.getException() };
    }
    return this.#exports.qjs_is_job_pending() !== 0;
  }

  /** What a settled promise settled with. */
  promiseResult(promise: JSValueHandle): JSValueHandle {
    return this.#own(this.#exports.qjs_promise_result(promise.ptr));
  }

  text(value: string): JSValueHandle {
    return this.#vm.newString(value);
  }

  number(value: number): JSValueHandle {
    return this.#vm.newNumber(value);
  }

  boolean(value: boolean): JSValueHandle {
    return value ? this.#vm.getTrue() : this.#vm.getFalse();
  }

  bytes(value: Uint8Array): JSValueHandle {
    return this.#vm.newUint8Array(value);
  }

  #outcome(pointer: number): Called {
    if (this.#exports.qjs_is_exception(pointer) !== 0) {
      this.#exports.qjs_free_value(pointer);
      return { ok: false, error: this.#vm.getException() };
    }
    return { ok: true, value: this.#own(pointer) };
  }

  #own(pointer: number): JSValueHandle {
    const handle = this.#vm.importHandle(pointer);
    this.#exports.qjs_free_value(pointer);
    return handle;
  }

  /** Makes an engine with its globals, and takes its memory: the image that everything starts from. The same binaries give the same bytes. */
  static async createBase(binaries: EngineBinaries): Promise<EngineBase> {
    const wiring = wireEngine();
    const wasm = new WebAssembly.Module(binaries.wasm);
    using vm = await QuickJS.create({ wasm, ...wiring.options(binaries), maxStackSize: stackBytes });
    const blank = vm.snapshot();
    const hooks = vm.exportHandle(installGlobals(vm, binaries.polyfills, wiring));
    vm.executePendingJobs();
    vm.runGC();
    const exports = vm._getExports();
    exports.wasm_free(exports.wasm_malloc(roomBytes));
    const usedBytes = vm.getMemoryUsage().mallocSize;
    const { memory, stackPointer } = vm.snapshot();
    memory.fill(0, 0, stackPointer);
    return { pages: pagesOf(memory), stackPointer, hooks, usedBytes, blank };
  }

  /** @param maximumPages of memory, of 64 KiB */
  static async create(binaries: EngineBinaries, base: EngineBase, maximumPages: number): Promise<EngineInstance> {
    const wiring = wireEngine();
    const wasm = moduleWithMaximum(binaries.wasm, maximumPages);
    const vm = await QuickJS.restore(base.blank, { wasm, ...wiring.options(binaries), maxStackSize: stackBytes });
    for (const [name, callback] of Object.entries(wiring.callbacks)) vm.registerHostCallback(name, callback);
    const instance = new EngineInstance(vm, maximumPages);
    wiring.connect(() => instance.#wired);
    return instance;
  }
}

/** Evaluates what makes the globals, in an engine that nothing has run in.
 *  @returns the guest's hooks */
function installGlobals(vm: QuickJS, polyfills: Polyfills, wiring: EngineWiring): JSValueHandle {
  const scripts = guestScripts(polyfills);
  for (const script of scripts.slice(0, -1)) vm.evalCode(script, globalsName).dispose();
  using install = vm.evalCode(scripts.at(-1) ?? "", globalsName);
  const functions = Object.entries(wiring.callbacks).map(([name, callback]) => vm.newFunction(name, callback));
  const hooks = vm.callFunction(install, vm.undefined, ...functions);
  for (const each of functions) each.dispose();
  return hooks;
}

/** Compiling takes some 20 ms: one module for each maximum that is in use. */
const modules = new Map<number, WebAssembly.Module>();

function moduleWithMaximum(wasm: Uint8Array, maximumPages: number): WebAssembly.Module {
  const known = modules.get(maximumPages);
  if (known) return known;
  const module = new WebAssembly.Module(withMemoryMaximum(wasm, maximumPages));
  modules.set(maximumPages, module);
  return module;
}
