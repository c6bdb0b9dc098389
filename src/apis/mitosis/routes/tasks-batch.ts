/** `POST /tasks/submit`: thousands of tasks in one request. They are checked and handed over in slices, so that everybody else is served in
 *  between; all are checked before the first is submitted. */
import { setImmediate as nextTurn } from "node:timers/promises";
import { isYardError, YardError } from "../../../platform/errors.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { compileValidator } from "../../../platform/http/validation.ts";
import type { NewTask, SubmittedTask, TaskCaller, TeamRef } from "../../../tasks/task.ts";
import type { Tasks } from "../../../tasks/tasks.ts";
import { callerOf, principalOf } from "../callers.ts";
import { bodyStatuses, errorReplies, errorToWire, wrongShape } from "../errors.ts";
import type { Groups } from "../groups.ts";
import type { MitosisParts } from "../parts.ts";
import { batchBodyLimitBytes, userSecurity } from "../schemas.ts";
import { BatchEnvelope, BatchReply, BatchRequest, SubmitRequest } from "../task-schemas.ts";
import { taskFromWire } from "../task-words.ts";
import type { Toolbox } from "../toolbox.ts";

/** As many are checked without a break: about a millisecond's work. */
const checkedAtOnce = 250;
/** As many are handed over together: enough for the queue to fill a transaction. */
const submittedAtOnce = 1_000;

export function registerTaskBatch(app: ApiInstance, parts: Pick<MitosisParts, "tasks">, toolbox: Toolbox): void {
  void app.register(async (scope: ApiInstance) => {
    // The handler looks at the tasks one by one: all at once, ten thousand would keep everybody else waiting.
    scope.setValidatorCompiler((part) =>
      compileValidator(part.httpPart === "body" ? { ...part, schema: BatchEnvelope } : part),
    );
    registerRoute(scope, parts, toolbox);
  });
}

function registerRoute(
  app: ApiInstance,
  { tasks }: Pick<MitosisParts, "tasks">,
  { guards, groups, trail }: Toolbox,
): void {
  app.post(
    "/tasks/submit",
    {
      onRequest: guards.user("tasks.submit"),
      bodyLimit: batchBodyLimitBytes,
      schema: {
        operationId: "batchSubmitTasks",
        summary: "Submit many tasks",
        description:
          "A task of the wrong shape refuses all of them; whatever else is wrong with one is its own result.",
        tags: ["Tasks"],
        security: userSecurity,
        body: BatchRequest,
        response: { 200: BatchReply, ...errorReplies(...bodyStatuses, 401, 403, 429, 503) },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const wire = await checkTasks(request.body.tasks);
      const results = await submitInSlices(tasks, caller, wire, rememberTeams(caller, groups));
      const refused = results.filter((result) => result instanceof YardError).length;
      const details = { submitted: results.length - refused, refused };
      trail.recordSoon(request, principalOf(request), {
        ...{ action: "task.submit-many", target: caller.username, outcome: "done", details },
      });
      return { results: results.map(resultToWire) };
    },
  );
}

const checkTask = compileValidator({ schema: SubmitRequest, httpPart: "body", method: "POST", url: "/tasks/submit" });

/** @throws {YardError} invalid: there are none, or one has the wrong shape */
async function checkTasks(tasks: readonly unknown[]): Promise<readonly SubmitRequest[]> {
  if (tasks.length === 0) throw new YardError("invalid", "must not be empty", { field: "tasks" });
  for (const [index, task] of tasks.entries()) {
    if (index % checkedAtOnce === checkedAtOnce - 1) await nextTurn();
    const checked = checkTask(task);
    if (checked !== true) throw faultOf(index, checked);
  }
  return tasks as readonly SubmitRequest[];
}

function faultOf(index: number, checked: ReturnType<typeof checkTask>): YardError {
  const error = typeof checked === "object" && "error" in checked ? checked.error : undefined;
  if (!isYardError(error) || error.field === undefined) return wrongShape(`tasks.${index}`, "must be a task");
  return wrongShape(`tasks.${index}.${error.field}`, error.message);
}

function isSound(task: NewTask | YardError): task is NewTask {
  return !(task instanceof YardError);
}

type Result = SubmittedTask | YardError;
type TeamOf = (name: string) => Promise<TeamRef>;

async function submitInSlices(
  tasks: Pick<Tasks, "submitMany">,
  caller: TaskCaller,
  wire: readonly SubmitRequest[],
  teamOf: TeamOf,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (let start = 0; start < wire.length; start += submittedAtOnce) {
    const read = await Promise.all(
      wire.slice(start, start + submittedAtOnce).map((each) => readTask(each, teamOf).catch(asResult)),
    );
    const submitted = (await tasks.submitMany(caller, read.filter(isSound))).values();
    for (const each of read) results.push(isSound(each) ? submitted.next().value! : each);
  }
  return results;
}

async function readTask(wire: SubmitRequest, teamOf: TeamOf): Promise<NewTask> {
  return taskFromWire(wire, await teamOf(wire.group_name));
}

/** @throws what is no refusal, but a bug */
function asResult(error: unknown): YardError {
  if (isYardError(error)) return error;
  throw error;
}

/** Most tasks of a batch are of the same group. */
function rememberTeams(caller: TaskCaller, groups: Groups): TeamOf {
  const teams = new Map<string, Promise<TeamRef>>();
  return (name) => {
    const team = teams.get(name) ?? groups.require(caller, name, "apart");
    teams.set(name, team);
    return team;
  };
}

function resultToWire(result: Result) {
  if (result instanceof YardError) return { Err: { msg: errorToWire(result).msg } };
  return { Ok: { task_id: result.number, uuid: result.uuid } };
}
