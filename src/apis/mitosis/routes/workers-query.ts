/** `POST /workers/query` and `GET /workers/{uuid}`: which workers there are, and what they do. */
import type { ApiInstance } from "../../../platform/http/api.ts";
import { callerOf } from "../callers.ts";
import { bodyStatuses, errorReplies } from "../errors.ts";
import { outsider } from "../outsiders.ts";
import type { MitosisParts } from "../parts.ts";
import { userSecurity, uuidFromWire } from "../schemas.ts";
import { roleToWire } from "../team-roles.ts";
import type { Toolbox } from "../toolbox.ts";
import { WorkerPath, WorkerReply, WorkersQuery, WorkersReply } from "../worker-schemas.ts";
import { workerFilterFromWire, workerToWire } from "../worker-words.ts";

const about = { tags: ["Workers"], security: userSecurity };
type Parts = Pick<MitosisParts, "workers" | "teamDirectory">;

export function registerWorkerQueries(app: ApiInstance, parts: Parts, toolbox: Toolbox): void {
  registerList(app, parts, toolbox);
  registerGet(app, parts, toolbox);
}

function registerList(app: ApiInstance, { workers }: Parts, { guards, groups, readingOf }: Toolbox): void {
  app.post(
    "/workers/query",
    {
      onRequest: guards.user("workers.view"),
      schema: {
        ...about,
        operationId: "queryWorkers",
        summary: "List the workers of a group, or count them",
        body: WorkersQuery,
        response: { 200: WorkersReply, ...errorReplies(...bodyStatuses, 401, 403, 503) },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const team = await groups.require(caller, request.body.group_name, "forbidden");
      const filter = workerFilterFromWire(request.body, team);
      if (request.body.count) return { count: await workers.count(caller, filter), workers: [], group_name: team.name };
      const found = await workers.find(caller, filter);
      const reading = readingOf(request);
      return {
        count: found.length,
        workers: found.map((worker) => workerToWire(worker, reading)),
        group_name: team.name,
      };
    },
  );
}

function registerGet(app: ApiInstance, { workers, teamDirectory }: Parts, { guards, readingOf }: Toolbox): void {
  app.get(
    "/workers/:uuid",
    {
      onRequest: guards.user("workers.view"),
      schema: {
        ...about,
        operationId: "getWorker",
        summary: "A worker, and the groups that it serves",
        params: WorkerPath,
        response: { 200: WorkerReply, ...errorReplies(400, 401, 403, 404, 503) },
      },
    },
    async (request) => {
      const uuid = uuidFromWire(request.params.uuid);
      const worker = await workers.get(callerOf(request), uuid).catch(outsider("forbidden"));
      const names = await teamDirectory.byIds(worker.teams.keys());
      const groups = [...worker.teams].flatMap(([id, role]) => {
        const team = names.get(id);
        return team ? [[team.name, roleToWire(role)] as const] : []; // one that has just ended
      });
      return { info: workerToWire(worker, readingOf(request)), groups: Object.fromEntries(groups) };
    },
  );
}
