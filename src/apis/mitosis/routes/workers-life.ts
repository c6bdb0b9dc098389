/** A worker's own life: `POST /workers` by the user who starts it, heartbeats and its leave by itself. */
import { Type } from "typebox";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { preferredWaitMs, WaitHeaders } from "../../../platform/http/prefer.ts";
import { requestSignal } from "../../../platform/http/request-signal.ts";
import { isAtLeast } from "../../../tasks/access.ts";
import type { TaskCaller } from "../../../tasks/task.ts";
import type { NewWorker, WorkerTeams } from "../../../tasks/workers.ts";
import { callerOf, principalOf, workerOf } from "../callers.ts";
import { durationFromWire } from "../durations.ts";
import { bodyStatuses, errorReplies } from "../errors.ts";
import type { MitosisParts } from "../parts.ts";
import { nullable, userSecurity, uuidFromWire, workerSecurity } from "../schemas.ts";
import { unique } from "../task-words.ts";
import type { Toolbox } from "../toolbox.ts";
import { HeartbeatReply, HeartbeatRequest, RegisterReply, RegisterRequest } from "../worker-schemas.ts";
import { groupEntriesFromWire, workerActor } from "../worker-words.ts";

const tags = ["Workers"];
const day = 86_400;
/** Seconds, for a worker that does not say. Mitosis' own beat every 300 s. */
const usual = { lifetime: 7 * day, lease: 600 } as const;

type Parts = Pick<MitosisParts, "workers" | "teamDirectory" | "redis">;

export function registerWorkerLife(app: ApiInstance, parts: Parts, toolbox: Toolbox): void {
  registerRegistration(app, parts, toolbox);
  registerHeartbeat(app, parts, toolbox);
  registerLeave(app, parts, toolbox);
}

function registerRegistration(app: ApiInstance, parts: Parts, { guards, trail }: Toolbox): void {
  app.post(
    "/workers",
    {
      onRequest: guards.user("workers.register"),
      schema: {
        operationId: "registerWorker",
        summary: "Register a worker",
        description: "It serves the caller's own group too. Each start of a worker is a registration of its own.",
        tags,
        security: userSecurity,
        body: RegisterRequest,
        response: { 200: RegisterReply, ...errorReplies(...bodyStatuses, 401, 403, 429, 503) },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const { tags, labels = [], groups, lifetime, lease } = request.body;
      const worker: NewWorker = {
        ...{ tags: unique(tags), labels: unique(labels) },
        teams: await servedTeams(groups, caller, parts),
        lifetimeMs: milliseconds(lifetime ?? undefined, "lifetime"),
        leaseMs: milliseconds(lease ?? undefined, "lease"),
      };
      const { worker: identity, credential } = await parts.workers.register(caller, worker);
      const what = { action: "worker.register", target: identity.uuid, outcome: "done" } as const;
      await trail.record(request, principalOf(request), what);
      return { worker_id: identity.uuid, token: credential, redis_url: parts.redis.urlFor("worker") };
    },
  );
}

function milliseconds(duration: string | undefined, field: keyof typeof usual): number {
  return 1_000 * (duration === undefined ? usual[field] : durationFromWire(duration, field));
}

/** Of the groups named, those that the caller may submit to: a worker sees the tasks of the groups that it serves, and says how they ended. The
 *  others are left out like groups that there are not. */
async function servedTeams(
  entries: readonly string[],
  caller: TaskCaller,
  { teamDirectory }: Pick<Parts, "teamDirectory">,
): Promise<WorkerTeams> {
  const roles = groupEntriesFromWire(entries);
  const teams = await teamDirectory.byNames(roles.keys());
  return new Map(
    [...teams].flatMap(([name, { id }]) =>
      isAtLeast(caller.teams.get(id), "member") ? [[id, roles.get(name) ?? "member"]] : [],
    ),
  );
}

function registerHeartbeat(app: ApiInstance, { workers }: Parts, { guards }: Toolbox): void {
  app.post(
    "/workers/heartbeat",
    {
      onRequest: guards.worker(),
      schema: {
        operationId: "workerHeartbeat",
        summary: "Tell that a worker lives",
        description:
          "With `Prefer: wait=N` the reply is held until there is news of the tasks in `holds`, for N seconds at most; without it there is none.",
        tags,
        security: workerSecurity,
        headers: WaitHeaders,
        body: nullable(HeartbeatRequest),
        response: { 200: HeartbeatReply, ...errorReplies(...bodyStatuses, 401, 503) },
      },
    },
    async (request, reply) => {
      const worker = workerOf(request);
      const timeoutMs = preferredWaitMs(request, reply);
      if (timeoutMs === undefined) {
        await workers.heartbeat(worker);
        return null;
      }
      const holds = unique((request.body?.holds ?? []).map(uuidFromWire));
      const sends = request.body?.sends?.map(uuidFromWire);
      const news = await workers.news(worker, { holds, sends, timeoutMs, signal: requestSignal(reply) });
      const watched = sends && { watched: [...news.watched] };
      return { lost: [...news.lost], ...watched, draining: news.isDraining };
    },
  );
}

function registerLeave(app: ApiInstance, { workers }: Parts, { guards, trail }: Toolbox): void {
  app.delete(
    "/workers",
    {
      onRequest: guards.worker(),
      schema: {
        operationId: "unregisterWorker",
        summary: "Take a worker's leave",
        description: "The tasks that it has are ready again.",
        tags,
        security: workerSecurity,
        response: { 200: Type.Null({ description: "It is gone" }), ...errorReplies(401, 503) },
      },
    },
    async (request) => {
      const worker = workerOf(request);
      await workers.unregister(worker);
      await trail.record(request, workerActor(worker), {
        ...{ action: "worker.unregister", target: worker.uuid, outcome: "done" },
      });
      return null;
    },
  );
}
