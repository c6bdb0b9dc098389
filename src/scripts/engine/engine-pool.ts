/** Runs scripts in a small pool of engine processes: each runs one at a time, is started when it is first needed, kept warm, and replaced when it has
 *  died. What waits is queued, fairly between teams, up to a bound. */
import { YardError } from "../../platform/errors.ts";
import { type EngineBundle, installedEngine } from "./engine-bundle.ts";
import { type ExecutionOutcome, type ExecutionRequest, runInChild } from "./engine-run.ts";
import { createEngineSlot, type EngineSlot, enginesAreClosing } from "./engine-slot.ts";
import { createFairQueue } from "./fair-queue.ts";
import type { HeapImage } from "./heap-image.ts";

export interface EnginePoolOptions {
  /** Processes, and so executions at one time. */
  readonly size: number;
  /** Executions that may wait for one. */
  readonly maxQueued: number;
  /** The most that an execution may be granted, in MiB. */
  readonly maxMemoryMb: number;
  /** What loads an image of that build; without one, what fresh starts run in. Default: the installed engine for all.
   *  @throws {YardError} precondition: there is none for it */
  readonly engineFor?: (build: string | undefined) => Promise<EngineBundle>;
  /** How long a process is kept that has nothing to do, in milliseconds. Default: for ever. */
  readonly idleMs?: number;
  readonly log: EngineLog;
}

export interface EngineLog {
  warn(facts: object, message: string): void;
}

export interface EnginePool extends AsyncDisposable {
  /** Resolves when it has ended, however it ended.
   *  @throws {YardError} too_many: the queue is full; invalid: more memory than is granted; precondition: there is no engine for the image; unavailable: no engine
   *  could be started, or the pool is closing */
  execute(request: ExecutionRequest): Promise<ExecutionOutcome>;
  /** The image of a fresh start. Starts an engine if there is none yet. */
  base(): Promise<HeapImage>;
  usage(): { readonly running: number; readonly queued: number; readonly pids: readonly number[] };
}

interface Waiting {
  readonly request: ExecutionRequest;
  readonly queuedAt: number;
  readonly outcome: PromiseWithResolvers<ExecutionOutcome>;
}

const retryAfterMs = 1_000;
const largestNumber = 2 ** 32 - 1;

export function openEnginePool(options: EnginePoolOptions): EnginePool {
  const slots = Array.from({ length: options.size }, () => createEngineSlot(options));
  const busy = new Set<EngineSlot>();
  const queue = createFairQueue<Waiting>();
  let engine: EngineBundle | undefined;
  const { engineFor = async () => (engine ??= installedEngine()) } = options;
  let lastNumber = 0;
  let base: HeapImage | undefined;
  let isClosed = false;

  /** A process that has the image is better than one of the right build, and that better than any that lives. */
  function freeSlot({ heap }: ExecutionRequest): EngineSlot {
    const free = slots.filter((slot) => !busy.has(slot));
    return (
      (heap && free.find(({ child, heaps }) => child && heaps.has(heap.id))) ??
      (heap && free.find(({ child }) => child?.base.build === heap.build)) ??
      free.find(({ child }) => child) ??
      free[0]!
    );
  }

  function dispatch(): void {
    while (queue.size > 0 && busy.size < slots.length) {
      const waiting = queue.take()!;
      void runIn(freeSlot(waiting.request), waiting);
    }
  }

  async function runIn(slot: EngineSlot, { request, queuedAt, outcome }: Waiting): Promise<void> {
    busy.add(slot);
    try {
      const child = await slot.ensure(await engineFor(request.heap?.build));
      base ??= child.base;
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
      busy.delete(slot);
      dispatch();
      if (!busy.has(slot)) slot.rest();
    }
  }

  return {
    async execute(request) {
      if (isClosed) throw enginesAreClosing();
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
      base ??= (await slots[0]!.ensure(await engineFor(undefined))).base;
      return base;
    },
    usage: () => ({
      running: busy.size,
      queued: queue.size,
      pids: slots.flatMap(({ child }) => (child ? [child.pid] : [])),
    }),
    async [Symbol.asyncDispose]() {
      isClosed = true;
      for (let waiting = queue.take(); waiting !== undefined; waiting = queue.take())
        waiting.outcome.reject(enginesAreClosing());
      await Promise.all(slots.map((slot) => slot[Symbol.asyncDispose]()));
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
