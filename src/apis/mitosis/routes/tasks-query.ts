/** `POST /tasks/query` and `GET /tasks/{uuid}`: what became of tasks. */
import type { ApiInstance } from "../../../platform/http/api.ts";
import { preferredWaitMs, WaitHeaders } from "../../../platform/http/prefer.ts";
import { requestSignal } from "../../../platform/http/request-signal.ts";
import { callerOf } from "../callers.ts";
import { bodyStatuses, errorReplies } from "../errors.ts";
import { artifactToWire } from "../file-words.ts";
import { outsider } from "../outsiders.ts";
import type { MitosisParts } from "../parts.ts";
import { userSecurity, uuidFromWire } from "../schemas.ts";
import { QueryReply, QueryRequest, TaskPath, TaskReply } from "../task-schemas.ts";
import { filterFromWire, matchesNothing, pageFromWire, taskToWire } from "../task-words.ts";
import type { Toolbox } from "../toolbox.ts";

const about = { tags: ["Tasks"], security: userSecurity };
type Parts = Pick<MitosisParts, "tasks" | "files">;

export function registerTaskQueries(app: ApiInstance, parts: Parts, toolbox: Toolbox): void {
  registerList(app, parts, toolbox);
  registerGet(app, parts, toolbox);
}

function registerList(app: ApiInstance, { tasks }: Parts, { guards, groups, readingOf }: Toolbox): void {
  app.post(
    "/tasks/query",
    {
      onRequest: guards.user("tasks.view"),
      schema: {
        ...about,
        operationId: "queryTasks",
        summary: "List tasks, or count them",
        body: QueryRequest,
        response: { 200: QueryReply, ...errorReplies(...bodyStatuses, 401, 403, 503) },
      },
    },
    async (request) => {
      const { body } = request;
      const caller = callerOf(request);
      const reading = readingOf(request);
      const team = await groups.require(caller, body.group_name, "argument");
      const filter = filterFromWire(body, team, reading);
      if (matchesNothing(filter)) return { count: 0, tasks: [], group_name: team.name };
      if (body.count) return { count: await tasks.count(caller, filter), tasks: [], group_name: team.name };
      const found = await tasks.find(caller, filter, pageFromWire(body));
      return { count: found.length, tasks: found.map((task) => taskToWire(task, reading)), group_name: team.name };
    },
  );
}

function registerGet(app: ApiInstance, { tasks, files }: Parts, { guards, readingOf }: Toolbox): void {
  app.get(
    "/tasks/:uuid",
    {
      onRequest: guards.user("tasks.view"),
      schema: {
        ...about,
        operationId: "getTask",
        summary: "A task and its artifacts",
        description: "With `Prefer: wait=N` the reply is held until the task is over, for N seconds at most.",
        params: TaskPath,
        headers: WaitHeaders,
        response: { 200: TaskReply, ...errorReplies(400, 401, 403, 404, 503) },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const uuid = uuidFromWire(request.params.uuid);
      const timeoutMs = preferredWaitMs(request, reply);
      const wanted =
        timeoutMs === undefined
          ? tasks.get(caller, uuid)
          : tasks.ended(caller, uuid, { timeoutMs, signal: requestSignal(reply) });
      const task = await wanted.catch(outsider("forbidden"));
      const artifacts = await files.artifactsOf([uuid]);
      const reading = readingOf(request);
      return { info: taskToWire(task, reading), artifacts: artifacts.map((each) => artifactToWire(each, reading)) };
    },
  );
}
