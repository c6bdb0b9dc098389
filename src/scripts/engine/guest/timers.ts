/** Timers: one id space, handles that are coercible to their id, the HTML standard's clamp. Waiting is the host's. */
import type { BeginOptions, GuestHost } from "./guest-host.ts";

export interface GuestTimers {
  begin(options: BeginOptions): void;
  fire(id: number): void;
}

export function installTimers(host: GuestHost): GuestTimers {
  interface Timer {
    readonly callback: () => void;
    readonly delayMs: number;
    readonly repeats: boolean;
    readonly nesting: number;
    held: boolean;
  }
  const timers = new Map<number, Timer>();
  const { setTimer, clearTimer } = host;
  // Handlers may be text, which is evaluated, as everywhere; inside the engine, where a script may evaluate what it likes.
  // biome-ignore lint/security/noGlobalEval: see above
  const evaluate = globalThis.eval;
  let lastId = 0;
  /** Of the timer whose callback runs: timers within timers within timers are slowed down, as browsers do. */
  let nesting = 0;
  let maxTimers = 0;

  class Timeout {
    readonly #id: number;
    constructor(id: number) {
      this.#id = id;
    }
    ref() {
      return this.#hold(true);
    }
    unref() {
      return this.#hold(false);
    }
    hasRef() {
      return timers.get(this.#id)?.held ?? false;
    }
    refresh() {
      const timer = timers.get(this.#id);
      if (timer) arm(this.#id, timer);
      return this;
    }
    [Symbol.toPrimitive]() {
      return this.#id;
    }
    #hold(held: boolean) {
      const timer = timers.get(this.#id);
      if (timer && timer.held !== held) {
        timer.held = held;
        arm(this.#id, timer);
      }
      return this;
    }
  }

  function arm(id: number, timer: Timer): void {
    setTimer(id, timer.delayMs, timer.held);
  }

  function add(handler: unknown, delay: unknown, args: readonly unknown[], repeats: boolean): Timeout {
    if (handler === undefined) throw new TypeError("A timer needs a function to call.");
    if (timers.size >= maxTimers) throw new RangeError(`Too many timers: at most ${maxTimers} may be pending at once.`);
    const callback =
      typeof handler === "function" ? () => void handler.apply(globalThis, args) : () => void evaluate(String(handler));
    const wished = Math.max(0, Number(delay) | 0);
    const timer = {
      callback,
      delayMs: nesting >= 5 ? Math.max(4, wished) : wished,
      repeats,
      nesting: nesting + 1,
      held: true,
    };
    const id = ++lastId;
    timers.set(id, timer);
    arm(id, timer);
    return new Timeout(id);
  }

  function clear(handle?: unknown): void {
    const id = Number(handle);
    if (timers.delete(id)) clearTimer(id);
  }

  const globals = {
    setTimeout: (handler?: unknown, delay?: unknown, ...args: unknown[]) => add(handler, delay, args, false),
    setInterval: (handler?: unknown, delay?: unknown, ...args: unknown[]) => add(handler, delay, args, true),
    setImmediate: (handler?: unknown, ...args: unknown[]) => add(handler, 0, args, false),
    clearTimeout: clear,
    clearInterval: clear,
    clearImmediate: clear,
  };
  for (const [name, value] of Object.entries(globals))
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });

  return {
    begin(options) {
      maxTimers = options.maxTimers;
      timers.clear(); // no timer outlives its execution
      nesting = 0;
    },
    fire(id) {
      const timer = timers.get(id);
      if (!timer) return;
      nesting = timer.nesting;
      try {
        if (timer.repeats) arm(id, timer);
        else timers.delete(id);
        timer.callback();
      } finally {
        nesting = 0;
      }
    },
  };
}
