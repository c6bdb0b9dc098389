/** Scripts: submitted, run in a pool of engines, kept with their output and the memory they leave. Every call names the team it is for; what
 *  belongs to another team does not exist for it. */
import { randomUUID } from "node:crypto";
import type { Bus } from "../platform/bus/bus.ts";
import type { Topics } from "../platform/bus/topics.ts";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/db/database.ts";
import { YardError } from "../platform/errors.ts";
import type { Instances } from "../platform/instances/instances.ts";
import type { Log } from "../platform/log.ts";
import { after, every } from "../platform/timers.ts";
import type { Reach } from "./capabilities/capabilities.ts";
import type { FileTrees } from "./capabilities/mount.ts";
import { grantsNothing, type Policy } from "./capabilities/policy.ts";
import { createElsewhere } from "./elsewhere.ts";
import type { HeapStore } from "./engine/heap-store.ts";
import { type Execution, type ExecutionSummary, endWithout } from "./execution.ts";
import { createExecutionJournal } from "./execution-journal.ts";
import { createExecutionRows, failForsaken } from "./execution-rows.ts";
import { requireRoomForTags, requireTags, type Tags } from "./heap-tags.ts";
import { createHeaps, type Heaps } from "./heaps.ts";
import { createLiveExecutions } from "./live-executions.ts";
import { type OutputPage, type PageRequest, readOutputPage } from "./output-pages.ts";
import { outputOf } from "./output-rows.ts";
import { reportedSnapshots } from "./reported-snapshots.ts";
import { forgetOldExecutions, forgetOldSessions, forgetTeam, type Retention } from "./retention.ts";
import { cancelledEnd, type Engine, runExecution } from "./run-execution.ts";
import { type LimitCeilings, limitsWithin } from "./script-limits.ts";
import {
  latestFiles,
  latestHeap,
  listSessions,
  listSteps,
  mostSessions,
  type RecordedStep,
  requireRoomForSession,
  requireSessionName,
} from "./sessions.ts";
import { createStartQueue } from "./start-queue.ts";

export interface Submission {
  /** JavaScript or TypeScript. */
  readonly source: string;
  /** The id of a saved memory to resume. One that the team does not have is a fresh start. */
  readonly heap?: string;
  /** Without `heap`, the run resumes what this session's last one left. */
  readonly session?: string;
  /** Of the heap that it leaves. */
  readonly tags?: Tags;
  /** The id of a snapshot, or a label, whose files to mount. Without it, the run mounts what this session's last one with files left. */
  readonly fs?: string;
  readonly memoryMb?: number;
  readonly timeoutMs?: number;
}

export interface Scripts extends AsyncDisposable {
  /** Resolves with its id when the execution is saved; it runs from then on by itself.
   *  @throws {YardError} invalid; too_many (also: sessions, tags); precondition: the heap to resume is damaged */
  submit(teamId: string, submission: Submission): Promise<string>;
  /** @throws {YardError} not_found */
  get(teamId: string, id: string): Promise<Execution>;
  /** The newest 10,000, the newest first. */
  list(teamId: string): Promise<readonly ExecutionSummary[]>;
  /** @throws {YardError} not_found */
  output(teamId: string, id: string, request: PageRequest): Promise<OutputPage & Pick<Execution, "status">>;
  /** Ends it for good, wherever it is. @throws {YardError} not_found; conflict: it has ended already; unavailable */
  cancel(teamId: string, id: string): Promise<void>;
  /** The execution at its end, or as it is when the time is over. @throws {YardError} not_found */
  ended(teamId: string, id: string, options: { timeoutMs: number; signal?: AbortSignal }): Promise<Execution>;
  /** Ids of the snapshots that executions and sessions have left, of all teams: to be kept. */
  reportedSnapshots(): Promise<readonly string[]>;
  /** Cancels what runs for a team that is no more, and forgets all that its scripts have left. */
  removeTeam(teamId: string): Promise<void>;
  readonly heaps: Heaps;
  readonly sessions: {
    /** Those used last first. */
    list(teamId: string): Promise<readonly string[]>;
    /** The oldest first. */
    steps(teamId: string, session: string): Promise<readonly RecordedStep[]>;
  };
}

export interface ScriptsParts {
  readonly database: Database;
  /** This yard among those that share the database, and what they tell each other. */
  readonly instances: Pick<Instances, "self" | "onGone" | "onFenced">;
  readonly bus: Bus<Topics>;
  readonly clock: Clock;
  readonly log: Log;
  readonly engine: Engine & AsyncDisposable;
  readonly heapStore: HeapStore;
  readonly files: FileTrees;
  /** What scripts of a team may reach. Absent: nothing but their files. */
  policyOf?(teamId: string): Policy;
  /** What a policy can grant beside the network. Absent: nothing. */
  readonly reach?: Reach;
  /** 32 bytes of the team's own. */
  teamKey(teamId: string): Uint8Array;
  /** Hears of each execution that begins or ends here, for who looks at lists of them. */
  changed?(execution: { readonly id: string; readonly teamId: string }, kind: "added" | "changed"): void;
  /** Does it even on a full disk. */
  essential<T>(work: () => Promise<T>): Promise<T>;
  readonly settings: ScriptSettings;
}

export interface ScriptSettings {
  /** Scripts that run at one time. */
  readonly engines: number;
  /** Scripts that may wait or run. */
  readonly maxWaiting: number;
  /** Whether what a script leaves in memory is kept. */
  readonly keepHeaps: boolean;
  readonly consoleFormat: "inspect" | "json";
  readonly ceilings: LimitCeilings;
  /** Of the files that a script mounts. */
  readonly maxFilesBytes: number;
  readonly retention: Retention;
}

const fencedEnd = endWithout(
  "failed",
  "Interrupted: the server was taken to be gone, as the database had not heard of it for a while.",
);
const yardDied = "Interrupted: the server ended while the script was running.";
const mostWaitingSourceBytes = 256 * 1024 ** 2;
const mostListed = 10_000;
const forgetEveryMs = 60_000;
/** How long a cancelled execution may take to be recorded. */
const recordTimeoutMs = 10_000;

/** Marks what an earlier process left running as failed. The engines start with the first script. */
export async function openScripts(parts: ScriptsParts): Promise<Scripts> {
  const { database, instances, bus, clock, log, settings } = parts;
  const db = database.kysely;
  await failForsaken(db, { at: clock.now(), error: yardDied, predecessorOf: instances.self.id });
  await using opened = new AsyncDisposableStack();
  opened.use(parts.engine);
  const journal = opened.use(createExecutionJournal(database));
  const live = opened.use(createLiveExecutions({ journal, clock, log, essential: parts.essential }));
  const rows = createExecutionRows(database);
  const elsewhere = opened.use(createElsewhere({ database, instances, bus, live, rows, clock, log }));
  const heaps = createHeaps({ database, store: parts.heapStore, clock, teamKey: parts.teamKey });
  const policyOf = (teamId: string) => parts.policyOf?.(teamId) ?? grantsNothing;
  const queue = createStartQueue({
    // A few more than run, so that no engine waits for a memory to be loaded.
    atOnce: settings.engines * 2,
    // Enough that commits are shared, few enough that their memories fit.
    mostEnding: settings.engines * 8,
    places: settings.maxWaiting,
    maxBytes: mostWaitingSourceBytes,
  });

  async function heapToResume(teamId: string, { heap, session }: Submission): Promise<string | null> {
    if (!settings.keepHeaps) return null;
    if (heap !== undefined) return (await heaps.use(teamId, heap)) ? heap : null;
    const latest = session === undefined ? null : await latestHeap(db, teamId, session);
    if (latest !== null) await heaps.use(teamId, latest);
    return latest;
  }

  async function requireSession(teamId: string, session: string): Promise<void> {
    requireSessionName(session);
    await requireRoomForSession(db, teamId, session);
  }

  async function requireTagging(teamId: string, tags: Tags): Promise<void> {
    requireTags(tags);
    if (settings.keepHeaps) await requireRoomForTags(db, teamId, tags);
  }

  async function filesToMount(teamId: string, { fs, session }: Submission): Promise<string | undefined> {
    if (fs !== undefined || session === undefined) return fs;
    return (await latestFiles(db, teamId, session)) ?? undefined;
  }

  async function require(teamId: string, id: string): Promise<Execution> {
    const execution = await rows.get(teamId, id);
    if (execution === undefined) throw new YardError("not_found", `Execution '${id.slice(0, 80)}' not found`);
    return execution;
  }

  const failGone = () => failForsaken(db, { at: clock.now(), error: yardDied });
  opened.use(instances.onGone(async () => void (await failGone())));
  opened.use(instances.onFenced(() => live.endAll(fencedEnd)));
  opened.use(every(forgetEveryMs, () => housekeep(parts, failGone)));
  const lifetime = opened.move();

  return {
    heaps,
    sessions: {
      list: (teamId) => listSessions(db, teamId, mostSessions),
      steps: (teamId, session) => listSteps(db, teamId, session),
    },

    async submit(teamId, submission) {
      if (live.isClosing) throw new YardError("unavailable", "The server is stopping. Try again when it is back.");
      const { source, session, tags } = submission;
      if (session !== undefined) await requireSession(teamId, session);
      if (tags !== undefined) await requireTagging(teamId, tags);
      const heapIn = await heapToResume(teamId, submission);
      if (heapIn !== null) await heaps.load(teamId, heapIn); // one that is damaged is refused before anything is kept of it
      const fs = await filesToMount(teamId, submission);
      using reserved = new DisposableStack();
      const place = reserved.use(queue.join(teamId, Buffer.byteLength(source)));
      const id = randomUUID();
      const began = {
        id,
        teamId,
        createdAt: clock.now(),
        session: session ?? null,
        heapIn,
        instanceId: instances.self.id,
      };
      const limits = limitsWithin(submission, settings.ceilings);
      const run = { source, fs, limits, heapIn, session: session ?? null, tags: settings.keepHeaps ? tags : undefined };
      const runParts = {
        engine: parts.engine,
        files: parts.files,
        policyOf,
        heaps,
        log,
        reach: parts.reach ?? {},
        ...settings,
      };
      const begun = journal.write({ kind: "began", execution: began });
      live.start({ id, teamId, begun }, (execution) => runExecution(execution, run, place, runParts));
      reserved.move(); // its run gives the place back
      await begun;
      parts.changed?.({ id, teamId }, "added");
      void live.find(teamId, id)?.ended.then(() => parts.changed?.({ id, teamId }, "changed"));
      return id;
    },

    reportedSnapshots: () => reportedSnapshots(db),
    async removeTeam(teamId) {
      await Promise.all(live.of(teamId).map((execution) => inTime(execution.end(cancelledEnd))));
      await forgetTeam(database, teamId, clock);
    },
    get: require,
    list: (teamId) => rows.list(teamId, mostListed),

    async output(teamId, id, request) {
      await live.find(teamId, id)?.flush();
      const { status } = await require(teamId, id);
      return { ...(await readOutputPage(outputOf(db, id), request)), status };
    },

    async cancel(teamId, id) {
      const execution = live.find(teamId, id);
      if (execution !== undefined) {
        if (await inTime(execution.end(cancelledEnd))) return;
        await inTime(execution.ended); // it has an end already
      } else if (await elsewhere.cancel(teamId, id)) return;
      const { status } = await require(teamId, id);
      throw new YardError("conflict", `Execution '${id}' is not running (status: ${status})`);
    },

    async ended(teamId, id, { timeoutMs, signal }) {
      const execution = live.find(teamId, id);
      if (execution !== undefined) await firstOf(execution.ended, timeoutMs, signal);
      else await elsewhere.ended(teamId, id, { timeoutMs, signal });
      return require(teamId, id);
    },

    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  };
}

/** @throws {YardError} unavailable: the end stands, but it is not on the disk yet */
async function inTime<T>(recorded: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const message = "The script was stopped, but this cannot be recorded: the database does not answer.";
  using _timer = after(recordTimeoutMs, () => late.reject(new YardError("unavailable", message)));
  return await Promise.race([recorded, late.promise]);
}

async function firstOf(ended: Promise<void>, timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
  const over = Promise.withResolvers<void>();
  using _timer = after(timeoutMs, over.resolve);
  if (signal?.aborted) return;
  signal?.addEventListener("abort", () => over.resolve(), { once: true });
  await Promise.race([ended, over.promise]);
}

async function housekeep(
  { database, clock, log, settings }: ScriptsParts,
  failGone: () => Promise<number>,
): Promise<void> {
  try {
    await failGone(); // those too whose yard was found to be gone by one that died before it could fail them
    await forgetOldExecutions(database.kysely, settings.retention, clock.now());
    await forgetOldSessions(database, settings.retention, clock.now());
  } catch (error) {
    log.error({ err: error }, "old executions and sessions could not be tidied up; it is tried again later");
  }
}
