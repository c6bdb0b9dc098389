/** `GET /workers/tasks`: what a worker is given to do, and the tasks that it may look at. */
import { Type } from "typebox";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { preferredWaitMs, WaitHeaders } from "../../../platform/http/prefer.ts";
import { requestSignal } from "../../../platform/http/request-signal.ts";
import { limits } from "../../../tasks/task-limits.ts";
import { workerOf } from "../callers.ts";
import { errorReplies } from "../errors.ts";
import { artifactToWire } from "../file-words.ts";
import type { MitosisParts } from "../parts.ts";
import { quirks } from "../quirks.ts";
import { uuidFromWire, workerSecurity } from "../schemas.ts";
import { TaskPath, WorkerTaskReply } from "../task-schemas.ts";
import { claimedToWire, taskToWire } from "../task-words.ts";
import type { Toolbox } from "../toolbox.ts";
import { FetchReply } from "../worker-schemas.ts";

const about = { tags: ["Workers"], security: workerSecurity };
type Parts = Pick<MitosisParts, "workers" | "files">;

const FetchQuery = Type.Object({
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: limits.tasksPerClaim,
      description: "Extension: up to so many tasks at once, as `{tasks}`",
    }),
  ),
});

export function registerWorkerFetch(app: ApiInstance, parts: Parts, toolbox: Toolbox): void {
  registerFetch(app, parts, toolbox);
  registerGet(app, parts, toolbox);
}

function registerFetch(app: ApiInstance, { workers }: Parts, { guards, readingOf }: Toolbox): void {
  app.get(
    "/workers/tasks",
    {
      exposeHeadRoute: false, // it would take tasks
      onRequest: guards.worker(),
      schema: {
        ...about,
        operationId: "fetchTask",
        summary: "Take the next task",
        description:
          "It is the worker's until it commits it. With `Prefer: wait=N` the reply is held until there is one, for N seconds at most.",
        headers: WaitHeaders,
        querystring: FetchQuery,
        response: {
          200: FetchReply,
          204: Type.Null({ description: "There is no task" }),
          ...errorReplies(400, 401, 429, 503),
        },
      },
    },
    async (request, reply) => {
      const { limit } = request.query;
      const waitMs = preferredWaitMs(request, reply) ?? 0;
      const signal = waitMs > 0 ? requestSignal(reply) : undefined;
      const claimed = await workers.claim(workerOf(request), { limit: limit ?? 1, waitMs, signal });
      if (limit !== undefined) return { tasks: claimed.map(claimedToWire) };
      const [task] = claimed;
      if (task) return claimedToWire(task);
      return reply.code(quirks.noTaskStatus[readingOf(request)]).send(null);
    },
  );
}

function registerGet(app: ApiInstance, { workers, files }: Parts, { guards, readingOf }: Toolbox): void {
  app.get(
    "/workers/tasks/:uuid",
    {
      onRequest: guards.worker(),
      schema: {
        ...about,
        operationId: "getTaskForWorker",
        summary: "A task of the groups that the worker serves",
        params: TaskPath,
        response: { 200: WorkerTaskReply, ...errorReplies(400, 401, 404, 503) },
      },
    },
    async (request) => {
      const reading = readingOf(request);
      const task = await workers.taskFor(workerOf(request), uuidFromWire(request.params.uuid));
      if (quirks.workerTaskBody[reading] === "task") return claimedToWire(task);
      const artifacts = await files.artifactsOf([task.uuid]);
      return { info: taskToWire(task, reading), artifacts: artifacts.map((each) => artifactToWire(each, reading)) };
    },
  );
}
