/** What an engine's code may ask of its process. Strings, numbers and bytes go over, never an object of ours. */
import { randomFillSync } from "node:crypto";
import type { JSValueHandle, QuickJSOptions } from "quickjs-wasi";
import type { EngineBinaries } from "./engine-binaries.ts";

export interface EngineHost {
  print(text: string): void;
  /** `held` timers keep the execution going. */
  setTimer(id: number, delayMs: number, held: boolean): void;
  clearTimer(id: number): void;
  call(id: number, name: string, args: string, content: Uint8Array): void;
  /** A promise was rejected that nobody listens to, or, later, somebody does after all. */
  rejection(promise: JSValueHandle, reason: JSValueHandle, isHandled: boolean): void;
  /** Its error is the script's. */
  resolveModule(referrer: string, specifier: string): string;
  loadModule(name: string): string;
  /** Asked every few thousand steps: true ends what runs. */
  interrupted(): boolean;
  /** Milliseconds since the execution began. */
  elapsedMs(): number;
}

/** Whom the callbacks of an instance lead to at the moment. */
export interface Wired {
  readonly host: EngineHost;
  /** `undefined`, as a value inside. One for all: what a callback returns is not freed by the library. */
  readonly nothing: JSValueHandle;
}

/** `performance.now()` is no finer: a fine clock measures what it should not. */
const clockStepMs = 0.1;
const realTimeClock = 0;

export type EngineWiring = ReturnType<typeof wireEngine>;

/** The callbacks of one instance. They lead nowhere until it is connected and loaded. */
export function wireEngine() {
  let current: () => Wired | undefined = () => undefined;

  function asked(act: (host: EngineHost) => void): JSValueHandle {
    const wired = current();
    if (wired === undefined) throw new Error("The engine runs nothing.");
    return withoutOurStack(() => {
      act(wired.host);
      return wired.nothing;
    });
  }

  const callbacks = {
    print: (text: JSValueHandle) => asked((host) => host.print(text.toString())),
    setTimer: (id: JSValueHandle, delayMs: JSValueHandle, held: JSValueHandle) =>
      asked((host) => host.setTimer(id.toNumber(), delayMs.toNumber(), held.toBoolean())),
    clearTimer: (id: JSValueHandle) => asked((host) => host.clearTimer(id.toNumber())),
    call: (id: JSValueHandle, name: JSValueHandle, args: JSValueHandle, content: JSValueHandle) =>
      asked((host) => {
        const bytes = content.isUndefined ? new Uint8Array() : content.toUint8Array();
        host.call(id.toNumber(), name.toString(), args.toString(), bytes);
      }),
  };

  const wasi = (memory: WebAssembly.Memory) => ({
    // Both are constant until something runs, so that every process makes the same image.
    clock_time_get(clock: number, _precision: bigint, target: number) {
      const host = current()?.host;
      const ms = host === undefined ? 0 : clock === realTimeClock ? Date.now() : coarse(host.elapsedMs());
      new DataView(memory.buffer).setBigUint64(target, BigInt(Math.round(ms * 1e6)), true);
      return 0;
    },
    random_get(target: number, length: number) {
      const bytes = new Uint8Array(memory.buffer, target, length);
      if (current() === undefined) bytes.fill(1);
      else randomFillSync(bytes);
      return 0;
    },
    /** The engine's own messages about itself: nothing of ours reads them. */
    fd_write: () => 0,
  });

  return {
    callbacks,
    connect(to: () => Wired | undefined) {
      current = to;
    },
    options: (binaries: EngineBinaries) =>
      ({
        extensions: [...binaries.extensions],
        timezoneOffset: 0,
        interruptHandler: () => current()?.host.interrupted() ?? false,
        onUnhandledRejection: (promise: JSValueHandle, reason: JSValueHandle, isHandled: boolean) =>
          current()?.host.rejection(promise, reason, isHandled),
        moduleLoader: {
          normalize: (referrer: string, specifier: string) =>
            withoutOurStack(() => current()?.host.resolveModule(referrer, specifier) ?? specifier),
          load: (name: string) => withoutOurStack(() => current()?.host.loadModule(name) ?? ""),
        },
        wasi,
      }) satisfies Omit<QuickJSOptions, "wasm">,
  };
}

/** The library copies a thrown error's stack into the engine. Ours names files of this machine. */
function withoutOurStack<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof Error) error.stack = "";
    throw error;
  }
}

function coarse(ms: number): number {
  return Math.floor(ms / clockStepMs) * clockStepMs;
}
