/** What tests of this room stand on: a team with people, a room on a real database, and workers that take and report. */
import { createBus, type LocalBus } from "../platform/bus/bus.ts";
import type { Topics } from "../platform/bus/topics.ts";
import { type Clock, systemClock } from "../platform/clock.ts";
import type { Database } from "../platform/db/database.ts";
import { createLog } from "../platform/log.ts";
import { openTasks, type TaskRoom, type TaskSettings, usualTaskSettings } from "./room.ts";
import type { NewTask, TaskCaller, TeamRef, TeamRole } from "./task.ts";
import type { NewWorker, WorkerIdentity } from "./workers.ts";

export const crew: TeamRef = { id: "team_crew", name: "crew" };
export const others: TeamRef = { id: "team_others", name: "others" };

export interface TestRoom extends TaskRoom {
  readonly bus: LocalBus<Topics>;
  /** A new worker that serves `crew` unless it says otherwise. */
  worker(options?: Partial<NewWorker>): Promise<WorkerIdentity>;
}

/** Ada is an admin of `crew`, Vic a viewer, Eve has nothing to do with it. */
export const ada = callerOf("ada", [[crew, "admin"]]);
export const vic = callerOf("vic", [[crew, "viewer"]]);
export const eve = callerOf("eve", [[others, "owner"]]);

export function callerOf(username: string, teams: readonly (readonly [TeamRef, TeamRole])[]): TaskCaller {
  return { userId: `user_${username}`, username, teams: new Map(teams.map(([team, role]) => [team.id, role])) };
}

export function newTask(given: Partial<NewTask> = {}): NewTask {
  return {
    team: crew,
    tags: [],
    labels: [],
    timeoutSeconds: 600,
    priority: 0,
    spec: { argv: ["true"], env: {}, resources: [], keepsOutput: false, watch: null },
    ...given,
  };
}

/** The people and teams are written once per database, whoever opens it. */
export async function openTestRoom(
  database: Database,
  {
    settings = {},
    clock = systemClock,
    bus = createBus<Topics>({
      onError: (error) => {
        throw error;
      },
    }),
  }: { settings?: Partial<TaskSettings>; clock?: Clock; bus?: LocalBus<Topics> } = {},
): Promise<TestRoom> {
  await addPeople(database);
  const log = createLog({ level: "silent" });
  const room = await openTasks({ database, bus, clock, log, settings: { ...usualTaskSettings, ...settings } });
  return {
    ...room,
    bus,
    async worker(options = {}) {
      const usual: NewWorker = {
        ...{ tags: [], labels: [], teams: new Map([[crew.id, "member"]]) },
        ...{ lifetimeMs: 3_600_000, leaseMs: 600_000 },
      };
      return (await room.workers.register(ada, { ...usual, ...options })).worker;
    },
    [Symbol.asyncDispose]: () => room[Symbol.asyncDispose](),
  };
}

async function addPeople({ kysely }: Database): Promise<void> {
  for (const name of ["ada", "vic", "eve"]) {
    const times = { created_at: 1, updated_at: 1 };
    const user = { id: `user_${name}`, username: name, username_key: name, email: null, email_key: null };
    const secrets = { password_hash: null, digest_hash: null, totp_secret: null, totp_enabled: 0, totp_last_step: 0 };
    await kysely
      .insertInto("users")
      .values({
        ...{ ...user, ...secrets, ...times, display_name: name, state: "active" },
        ...{ exec_user: "", token_epoch: 0, metadata: null },
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
  for (const { id, name } of [crew, others]) {
    await kysely
      .insertInto("teams")
      .values({
        id,
        name,
        personal_of: null,
        storage_quota_bytes: null,
        created_at: 1,
        created_by: null,
        updated_at: 1,
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}

/** Reports that a task has run to its end. */
export const ran = { kind: "end", state: "finished", result: { waitStatus: 0, reason: null } } as const;
