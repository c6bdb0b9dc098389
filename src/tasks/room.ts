/** Opens the room of tasks: the queue, and the workers that take from it. */
import type { Bus } from "../platform/bus/bus.ts";
import type { Topics } from "../platform/bus/topics.ts";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/db/database.ts";
import { createSharedTime } from "../platform/db/shared-time.ts";
import type { Log } from "../platform/log.ts";
import { every } from "../platform/timers.ts";
import { createCancel } from "./cancel.ts";
import { createChange } from "./change.ts";
import { createClaims } from "./claims.ts";
import { createEnded } from "./ended.ts";
import { createFind } from "./find.ts";
import { createHeldTasks } from "./held-tasks.ts";
import { createLeases } from "./leases.ts";
import { createLiveOutputs, type LiveOutputs } from "./live-outputs.ts";
import { prepareAddTasks } from "./new-tasks.ts";
import { createNews } from "./news.ts";
import { createOpenTasks } from "./open-tasks.ts";
import { openQueues } from "./queues.ts";
import { createReports } from "./reports.ts";
import { type ForgettingParts, forgetOldTasks, forgetTeam, type TaskRetention } from "./retention.ts";
import { createTaskSignals } from "./signals.ts";
import { forgetOldKeys } from "./submissions.ts";
import { createSubmit } from "./submit.ts";
import { limits } from "./task-limits.ts";
import type { Tasks } from "./tasks.ts";
import { createTeamFigures, type TeamFigures } from "./team-figures.ts";
import { type TaskChanges, tellingSignals, tellingTasks, tellingWorkers } from "./told-changes.ts";
import { createWorkerCredentials } from "./worker-credentials.ts";
import { createWorkerRegistry } from "./worker-registry.ts";
import type { Workers } from "./workers.ts";

export interface TaskRoomParts {
  readonly database: Database;
  readonly bus: Bus<Topics>;
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: TaskSettings;
  /** Before tasks that are over are forgotten: what other rooms keep of them goes first. */
  readonly beforeForgetting?: ForgettingParts["beforeForgetting"];
  /** Hears what becomes of tasks, for who looks at lists of them. */
  readonly changes?: TaskChanges;
}

const nobodyLooks: TaskChanges = { note() {}, noteAll() {} };

export interface TaskSettings {
  readonly retention: TaskRetention;
  /** Of a team, tasks that are not over. */
  readonly openTasksPerTeam: number;
  /** How often lost workers are looked for. */
  readonly sweepMs: number;
  /** How often whoever waits looks although nothing has told it to. */
  readonly pollMs: number;
}

export const usualTaskSettings: TaskSettings = {
  retention: { maxAgeMs: 365 * 86_400_000, maxTasks: 1_000_000 },
  openTasksPerTeam: limits.openTasksPerTeam,
  sweepMs: 2_000,
  pollMs: 5_000,
};

export interface TaskRoom extends AsyncDisposable {
  readonly tasks: Tasks;
  readonly workers: Workers;
  readonly figures: TeamFigures;
  /** What running tasks print, for who looks at it. */
  readonly outputs: Pick<LiveOutputs, "watch">;
  /** Of a team that is no more. */
  clearTeam(teamId: string): Promise<void>;
  /** Forgets what is beyond the retention, closes queues that are empty for long. Once in a while. */
  tidy(): Promise<void>;
}

export async function openTasks(parts: TaskRoomParts): Promise<TaskRoom> {
  const { database, bus, clock, log, settings, beforeForgetting = async () => {}, changes = nobodyLooks } = parts;
  const { pollMs } = settings;
  await using opened = new AsyncDisposableStack();
  const now = createSharedTime(database.dialect, clock);
  const signals = createTaskSignals(bus);
  const queues = await openQueues({ database, clock });
  const openTasks = createOpenTasks({ database, clock, limit: settings.openTasksPerTeam });
  const leases = createLeases({ database, clock, now, signals: tellingSignals(signals, changes) });
  await leases.renewAll(); // nobody has listened to them for a while
  opened.use(every(settings.sweepMs, () => sweep(leases, log)));

  const addTasks = prepareAddTasks(database, now);
  const shared = { database, clock, now, addTasks, queues, openTasks, leases, signals };
  const claims = opened.use(createClaims({ ...shared, bus, log, pollMs }));
  const submit = opened.use(createSubmit({ ...shared, offer: claims.offer }));
  const change = createChange(shared);
  const ended = opened.use(createEnded({ bus, clock, get: change.get, pollMs }));
  const tasks: Tasks = {
    submit: submit.submit,
    submitMany: submit.submitMany,
    ...change,
    ...createFind(database),
    ...createCancel({ ...shared, removeDrained: leases.removeDrained }),
    ended: ended.ended,
  };

  const credentials = opened.use(createWorkerCredentials({ database, bus, clock }));
  const outputs = createLiveOutputs({ database, now, signals });
  const news = opened.use(createNews({ ...shared, bus, outputs, pollMs }));
  const reports = opened.use(createReports(shared));
  const workers: Workers = {
    authenticate: credentials.authenticate,
    ...createWorkerRegistry(shared),
    claim: claims.claim,
    report: reports.report,
    reportMany: reports.reportMany,
    ...createHeldTasks(database),
    heartbeat: news.heartbeat,
    news: news.news,
    sendOutput: outputs.send,
    async unregister({ uuid }) {
      await leases.remove(uuid);
    },
  };

  const forgetting = { database, now, beforeForgetting };
  const lifetime = opened.move();
  return {
    tasks: tellingTasks(tasks, changes),
    workers: tellingWorkers(workers, changes),
    figures: createTeamFigures(database),
    outputs,
    async clearTeam(teamId) {
      signals.workersChanged(await forgetTeam(forgetting, teamId));
      await queues.forgetTeam(teamId);
    },
    async tidy() {
      const forgotten = await forgetOldTasks(forgetting, settings.retention);
      if (forgotten > 0) log.info({ forgotten }, "tasks that were over for long were forgotten");
      await forgetOldKeys(database.kysely, clock.now());
      await queues.tidy();
    },
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  };
}

async function sweep(leases: Pick<ReturnType<typeof createLeases>, "sweep">, log: Log): Promise<void> {
  try {
    await leases.sweep();
  } catch (error) {
    log.warn({ err: error }, "cannot look for lost workers; it is tried again");
  }
}
