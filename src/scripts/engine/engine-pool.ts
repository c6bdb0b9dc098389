/** Runs scripts in a small pool of engine processes: each runs one at a time, is started when it is first needed, kept warm, and replaced when it has
 *  died. What waits is queued, fairly between teams, up to a bound. */
import { YardError } from "../../platform/errors.ts";
import { type EngineChild, openEngineChild } from "./engine-child.ts";
import { type ExecutionOutcome, type ExecutionRequest, runInChild } from "./engine-run.ts";
import { createFairQueue } from "./fair-queue.ts";
import { createHeapCache, type HeapCache } from "./heap-cache.ts";
import type { HeapImage } from "./heap-image.ts";

export interface EnginePoolOptions {
  /** Processes, and so executions at one time. */
  readonly size: number;
  /** Executions that may wait for one. */
  readonly maxQueued: number;
  /** The most that an execution may be granted, in MiB. */
  readonly maxMemoryMb: number;
  readonly log: EngineLog;
}

export interface EngineLog {
  warn(facts: object, message: string): void;
}

export interface EnginePool extends AsyncDisposable {
  /** Resolves when it has ended, however it ended.
   *  @throws {YardError} too_many: the queue is full; invalid: more memory than is granted, or an image of another build; unavailable: no engine
   *  could be started, or the pool is closing */
  execute(request: ExecutionRequest): Promise<ExecutionOutcome>;
  /** The image of a fresh start. Starts an engine if there is none yet. */
  base(): Promise<HeapImage>;
  usage(): { readonly running: number; readonly queued: number; readonly pids: readonly number[] };
}

interface Slot {
  child: EngineChild | undefined;
  starting: Promise<EngineChild> | undefined;
  heaps: HeapCache;
  isBusy: boolean;
}

interface Waiting {
  readonly request: ExecutionRequest;
  readonly queuedAt: number;
  readonly outcome: PromiseWithResolvers<ExecutionOutcome>;
}

const retryAfterMs = 1_000;
const largestNumber = 2 ** 32 - 1;

export function openEnginePool(options: EnginePoolOptions): EnginePool {
  const slots: Slot[] = Array.from({ length: options.size }, () => ({
    child: undefined,
    starting: undefined,
    heaps: createHeapCache(),
    isBusy: false,
  }));
  const queue = createFairQueue<Waiting>();
  let lastNumber = 0;
  let base: HeapImage | undefined;
  let isClosed = false;

  async function ensureChild(slot: Slot): Promise<EngineChild> {
    if (slot.child?.isAlive) return slot.child;
    slot.starting ??= startChild(slot).finally(() => {
      slot.starting = undefined;
    });
    return slot.starting;
  }

  async function startChild(slot: Slot): Promise<EngineChild> {
    const child = await openEngineChild({ maxMemoryMb: options.maxMemoryMb });
    if (isClosed) {
      await child[Symbol.asyncDispose]();
      throw closing();
    }
    base ??= child.base;
    slot.child = child;
    slot.heaps = createHeapCache();
    return child;
  }

  /** Ahead of its next use. If that fails, the next use tells. */
  function replace(slot: Slot): void {
    if (!isClosed) void ensureChild(slot).catch(() => {});
  }

  /** A process that has the image is better than one that is idle for longer. */
  function freeSlot(request: ExecutionRequest | undefined): Slot | undefined {
    const free = slots.filter((slot) => !slot.isBusy);
    const heap = request?.heap;
    return (
      (heap && free.find((slot) => slot.child?.isAlive && slot.heaps.has(heap.id))) ??
      free.find((slot) => slot.child?.isAlive) ??
      free[0]
    );
  }

  function dispatch(): void {
    while (queue.size > 0 && slots.some((slot) => !slot.isBusy)) {
      const waiting = queue.take()!;
      void runIn(freeSlot(waiting.request)!, waiting);
    }
  }

  async function runIn(slot: Slot, { request, queuedAt, outcome }: Waiting): Promise<void> {
    slot.isBusy = true;
    try {
      const child = await ensureChild(slot);
      if (request.heap !== undefined && request.heap.build !== child.base.build) throw foreignBuild(request.heap);
      slot.heaps.claim(request.fairnessKey);
      lastNumber = lastNumber === largestNumber ? 1 : lastNumber + 1;
      const ended = await runInChild(child, request, {
        number: lastNumber,
        heaps: slot.heaps,
        queuedMs: performance.now() - queuedAt,
      });
      if (!child.isAlive && ended.failure?.kind === "crashed")
        options.log.warn({ pid: child.pid, lastWords: child.lastWords }, "a script engine ended by itself");
      outcome.resolve(ended);
    } catch (error) {
      outcome.reject(error);
    } finally {
      slot.isBusy = false;
      dispatch();
      if (slot.child?.isAlive === false) replace(slot);
    }
  }

  return {
    async execute(request) {
      if (isClosed) throw closing();
      if (request.limits.memoryMb > options.maxMemoryMb)
        throw new YardError("invalid", `A script may use at most ${options.maxMemoryMb} MiB of memory.`, {
          field: "memoryMb",
        });
      if (queue.size >= options.maxQueued)
        throw new YardError("too_many", `${queue.size} scripts are waiting already. Try again in a moment.`, {
          retryAfterMs,
        });
      const waiting: Waiting = { request, queuedAt: performance.now(), outcome: Promise.withResolvers() };
      const leave = () => {
        if (queue.remove(request.fairnessKey, waiting)) waiting.outcome.resolve(cancelledInQueue(waiting));
      };
      queue.push(request.fairnessKey, waiting);
      request.signal?.addEventListener("abort", leave, { once: true });
      if (request.signal?.aborted) leave();
      dispatch();
      try {
        return await waiting.outcome.promise;
      } finally {
        request.signal?.removeEventListener("abort", leave);
      }
    },
    async base() {
      return base ?? (await ensureChild(slots[0]!)).base;
    },
    usage: () => ({
      running: slots.filter((slot) => slot.isBusy).length,
      queued: queue.size,
      pids: slots.flatMap(({ child }) => (child?.isAlive ? [child.pid] : [])),
    }),
    async [Symbol.asyncDispose]() {
      isClosed = true;
      for (let waiting = queue.take(); waiting !== undefined; waiting = queue.take()) waiting.outcome.reject(closing());
      await Promise.all(slots.map((slot) => slot.starting?.catch(() => {})));
      await Promise.all(slots.map((slot) => slot.child?.[Symbol.asyncDispose]()));
    },
  };
}

function cancelledInQueue({ queuedAt }: Waiting): ExecutionOutcome {
  return { status: "cancelled", timings: { queuedMs: performance.now() - queuedAt, prepareMs: 0, runMs: 0 } };
}

function foreignBuild({ id, build }: HeapImage): YardError {
  return new YardError(
    "precondition",
    `The heap ${id} was saved by another build of the script engine (${build.slice(0, 12)}), which is not installed.`,
    { field: "heap" },
  );
}

function closing(): YardError {
  return new YardError("unavailable", "The script engines are being stopped.");
}
