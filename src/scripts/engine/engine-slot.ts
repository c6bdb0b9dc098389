/** A place for one engine process: started when it is first needed, kept warm, replaced when it has died or another build is wanted. */
import { YardError } from "../../platform/errors.ts";
import { after } from "../../platform/timers.ts";
import type { EngineBundle } from "./engine-bundle.ts";
import { type EngineChild, openEngineChild } from "./engine-child.ts";
import { createHeapCache, type HeapCache } from "./heap-cache.ts";

export interface EngineSlot extends AsyncDisposable {
  /** If there is one that lives. */
  readonly child: EngineChild | undefined;
  /** Which images it has. */
  readonly heaps: HeapCache;
  /** The process, of this build. @throws {YardError} unavailable: it did not start, or the slot is closed */
  ensure(engine: EngineBundle): Promise<EngineChild>;
  /** To be called after use: sees to it that the next one finds a process, or that an idle one ends in time. */
  rest(): void;
}

export interface EngineSlotOptions {
  readonly maxMemoryMb: number;
  /** How long a process is kept that has nothing to do. Default: for ever. */
  readonly idleMs?: number;
}

export function createEngineSlot({ maxMemoryMb, idleMs }: EngineSlotOptions): EngineSlot {
  let child: EngineChild | undefined;
  let starting: Promise<EngineChild> | undefined;
  let wanted: EngineBundle | undefined;
  let heaps = createHeapCache();
  let idle: Disposable | undefined;
  let isClosed = false;

  async function start(engine: EngineBundle): Promise<EngineChild> {
    const started = await openEngineChild({ maxMemoryMb, engine });
    if (isClosed) {
      await started[Symbol.asyncDispose]();
      throw enginesAreClosing();
    }
    heaps = createHeapCache();
    child = started;
    return started;
  }

  async function ensure(engine: EngineBundle): Promise<EngineChild> {
    idle?.[Symbol.dispose]();
    if (isClosed) throw enginesAreClosing();
    if (wanted?.build !== engine.build) await end();
    wanted = engine;
    if (child?.isAlive) return child;
    starting ??= start(engine).finally(() => {
      starting = undefined;
    });
    return starting;
  }

  async function end(): Promise<void> {
    await starting?.catch(() => {});
    await child?.[Symbol.asyncDispose]();
    child = undefined;
  }

  return {
    get child() {
      return child?.isAlive ? child : undefined;
    },
    get heaps() {
      return heaps;
    },
    ensure,
    rest() {
      if (isClosed || child === undefined || wanted === undefined) return;
      if (!child.isAlive)
        void ensure(wanted).catch(() => {}); // if that fails, the next use tells
      else if (idleMs !== undefined) idle = after(idleMs, () => void end());
    },
    async [Symbol.asyncDispose]() {
      isClosed = true;
      idle?.[Symbol.dispose]();
      await end();
    },
  };
}

export function enginesAreClosing(): YardError {
  return new YardError("unavailable", "The script engines are being stopped.");
}
