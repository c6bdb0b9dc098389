/** A worker: takes tasks from a coordinator, runs them in a sandbox of this host and reports. Of a yard it knows nothing but the protocol. */
import { YardError } from "../platform/errors.ts";
import type { Log } from "../platform/log.ts";
import { createOutputKeeper } from "../sandboxes/output-keeper.ts";
import { createCoordinator, type Registration } from "./coordinator.ts";
import { createDirectoryStock } from "./directories.ts";
import { driverNamed } from "./drivers.ts";
import { openWorkerHome } from "./home.ts";
import { type Address, createCoordinatorHttp } from "./http.ts";
import { createIdleWatch } from "./idle-watch.ts";
import { clearLeftovers } from "./leftovers.ts";
import type { WorkerTimes } from "./membership.ts";
import { type Joined, joinCoordinator, occupySeat, type SeatParts } from "./seat.ts";
import type { SignIn } from "./sign-in.ts";
import type { Workshop } from "./task-run.ts";

export interface WorkerOptions {
  /** Where the coordinator is. Asked again whenever it cannot be reached. */
  locate(): Promise<Address>;
  readonly signIn: SignIn;
  readonly registration: Omit<Registration, "lease">;
  /** Tasks at the same time. */
  readonly slots: number;
  /** Name of the sandbox driver. */
  readonly sandbox: string;
  /** For the directories of all workers of this user. */
  readonly directory: string;
  /** Where commands begin. */
  readonly cwd: string;
  /** What every command gets. */
  readonly environment: Readonly<Record<string, string>>;
  readonly maxOutputBytes: number;
  readonly times: WorkerTimes;
  /** It stops by itself when it had nothing to do for so long; undefined: never. */
  readonly idleExitMs: number | undefined;
  readonly log: Log;
}

export interface RunningWorker {
  /** Resolves when nothing of it is left. Rejects with what it cannot go on from. */
  readonly ended: Promise<void>;
  /** Fetches no more. What still runs after `graceMs` is killed, and given back. */
  stop(options: { readonly graceMs: number }): void;
  /** Kills what runs, gives it back and takes its leave. */
  kill(): void;
}

const longestTimerMs = 2 ** 31 - 1;

export function startWorker(options: WorkerOptions): RunningWorker {
  const stopping = new AbortController();
  const killing = new AbortController();
  const kill = (): void => {
    stopping.abort(new Error("the worker is stopped"));
    killing.abort(new Error("the worker is killed"));
  };
  let grace: NodeJS.Timeout | undefined;
  // Much of what it waits for, such as the end of adopted processes, would not keep Node from ending.
  const alive = setInterval(() => {}, longestTimerMs);
  const ended = run(options, { stopping, killing: killing.signal }).finally(() => {
    clearTimeout(grace);
    clearInterval(alive);
  });
  return {
    ended,
    stop({ graceMs }) {
      stopping.abort(new Error("the worker is stopped"));
      grace ??= setTimeout(kill, Math.min(graceMs, longestTimerMs));
    },
    kill,
  };
}

interface Stops {
  readonly stopping: AbortController;
  readonly killing: AbortSignal;
}

async function run(options: WorkerOptions, { stopping, killing }: Stops): Promise<void> {
  const { locate, directory: root, times, log } = options;
  const openDriver = driverNamed(options.sandbox);
  await using opened = new AsyncDisposableStack();
  const http = opened.use(createCoordinatorHttp({ locate }));
  const coordinator = createCoordinator({ http, log });
  await clearLeftovers({ root, openDriver, coordinator, origin: (await locate()).url, log });
  const home = opened.use(await openWorkerHome(root));
  const driver = opened.use(await openDriver({ directory: home.driver, onNotice: (message) => log.warn(message) }));
  const sandbox = opened.adopt(await driver.create({ id: "tasks" }), (made) => made.destroy({ graceMs: 0 }));
  const keeper = opened.use(createOutputKeeper({ directory: home.tasks }));
  const workshop: Workshop = {
    ...{ http, sandbox, keeper, log, directories: createDirectoryStock(home.tasks) },
    ...{ cwd: options.cwd, environment: options.environment, maxOutputBytes: options.maxOutputBytes },
    followsLinks: !driver.can.ownFiles,
  };
  const idle = opened.use(
    createIdleWatch(options.idleExitMs, () => {
      log.info("there was nothing to do for a while: the worker ends");
      stopping.abort(new Error("the worker is idle"));
    }),
  );
  const seat: SeatParts = {
    ...{ coordinator, workshop, times, log, killing, stopping: stopping.signal },
    signIn: options.signIn,
    registration: { ...options.registration, lease: `${Math.ceil(times.leaseMs / 1_000)}s` },
    onBegin: () => idle.begin(),
    onEnd: () => idle.end(),
    remember: async (token) => home.remember({ origin: (await locate()).url, token }),
  };
  await unlessStopped(stopping.signal, async () => {
    const first = await joinCoordinator(seat);
    await occupySeats(seat, first, { slots: options.slots, stopping });
  });
}

/** Our own coordinator gives one worker as many tasks as it asks for; any other takes a worker that fetches again before it has committed for one
 *  that has lost its task, so each slot is a worker there. */
async function occupySeats(
  seat: SeatParts,
  first: Joined,
  { slots, stopping }: { slots: number; stopping: AbortController },
): Promise<void> {
  if (first.isOurs) return occupySeat(seat, first, slots);
  const others = Array.from({ length: slots - 1 }, async () => occupySeat(seat, await joinCoordinator(seat), 1));
  const ends = [occupySeat(seat, first, 1), ...others].map((end) =>
    end.catch((error) => {
      stopping.abort(error); // the others end, too
      throw error;
    }),
  );
  const failed = (await Promise.allSettled(ends)).find((end) => end.status === "rejected");
  if (failed) throw failed.reason;
}

/** Whoever waits for the coordinator when the worker is to stop has nothing to put in order. */
async function unlessStopped(stopping: AbortSignal, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!stopping.aborted || error instanceof YardError) throw error;
  }
}
