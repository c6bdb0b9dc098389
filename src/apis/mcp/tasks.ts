/** Tasks of the protocol of 2025-11-25: a call that is answered at once with a name, by which its outcome is asked for later. A task is an
 *  execution, and its id the execution's: so it outlives the connection, and the server. */
import { fromJsonSchema, RELATED_TASK_META_KEY, type Server, type Task } from "@modelcontextprotocol/server";
import type { Permission } from "../../identity/permissions.ts";
import type { Trail } from "../../identity/trail.ts";
import type { ExecutionStatus, ExecutionSummary } from "../../scripts/execution.ts";
import type { Scripts } from "../../scripts/scripts.ts";
import { type Asker, askerOf } from "./askers.ts";
import type { Tool } from "./tool.ts";
import { answered, asProtocolError, requireRight } from "./tool-result.ts";

export interface TaskParts {
  readonly scripts: Scripts;
  readonly trail: Trail;
  /** The one whose calls may be tasks. */
  readonly tool: Tool & Required<Pick<Tool, "asTask">>;
}

export const taskCapability = { list: {}, cancel: {}, requests: { tools: { call: {} } } };

const pollIntervalMs = 500;
const mostListed = 1_000;

const ofTask = { params: fromJsonSchema<{ taskId: string }>(schemaWith({ taskId: { type: "string" } }, ["taskId"])) };
const ofList = { params: fromJsonSchema<object>(schemaWith({}, [])) };

function schemaWith(properties: Record<string, { type: "string" }>, required: string[]) {
  return { type: "object" as const, properties, required };
}

/** @returns with a content of nothing: the library lets no answer to a call out without one */
export async function startTask(
  { scripts, tool, trail }: TaskParts,
  given: unknown,
  asker: Asker,
): Promise<{ content: []; task: Task }> {
  return await orProtocolError(asker, async () => {
    requireRight(asker, tool, trail);
    const id = await tool.asTask.begin(given, asker);
    return { content: [], task: taskOf(await scripts.get(asker.caller.teamId, id)) };
  });
}

export function serveTasks(server: Server, parts: TaskParts): void {
  const { scripts, trail, tool } = parts;

  function admitted<T>(name: string, needs: Permission, asker: Asker, work: () => Promise<T>): Promise<T> {
    return orProtocolError(asker, () => {
      requireRight(asker, { name, needs }, trail);
      return work();
    });
  }

  server.setRequestHandler("tasks/get", ofTask, ({ taskId }, context) => {
    const asker = askerOf(context);
    return admitted("tasks/get", "scripts.view", asker, async () =>
      taskOf(await scripts.get(asker.caller.teamId, taskId)),
    );
  });
  server.setRequestHandler("tasks/list", ofList, (_params, context) => {
    const asker = askerOf(context);
    return admitted("tasks/list", "scripts.view", asker, async () => {
      const listed = await scripts.list(asker.caller.teamId);
      return { tasks: listed.slice(0, mostListed).map(taskOf) };
    });
  });
  server.setRequestHandler("tasks/result", ofTask, ({ taskId }, context) => {
    const asker = askerOf(context);
    return admitted("tasks/result", "scripts.view", asker, async () => {
      await scripts.get(asker.caller.teamId, taskId); // there is such a task
      const result = await answered(() => tool.asTask.outcome(taskId, asker), asker);
      return { ...result, _meta: { [RELATED_TASK_META_KEY]: { taskId } } };
    });
  });
  server.setRequestHandler("tasks/cancel", ofTask, ({ taskId }, context) => {
    const asker = askerOf(context);
    return admitted("tasks/cancel", "scripts.run", asker, async () => {
      const { caller, request } = asker;
      await scripts.cancel(caller.teamId, taskId);
      await trail.record(request, caller.actor, { action: "script.cancel", target: taskId, outcome: "done" });
      return taskOf(await scripts.get(caller.teamId, taskId));
    });
  });
}

async function orProtocolError<T>(asker: Asker, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asProtocolError(error, asker);
  }
}

const statusOf = {
  running: "working",
  completed: "completed",
  failed: "failed",
  timed_out: "failed",
  cancelled: "cancelled",
} as const satisfies Record<ExecutionStatus, Task["status"]>;

function taskOf({ id, status, createdAt, endedAt }: ExecutionSummary): Task {
  return {
    taskId: id,
    status: statusOf[status],
    ttl: null, // it is kept as long as the execution is
    createdAt: new Date(createdAt).toISOString(),
    lastUpdatedAt: new Date(endedAt ?? createdAt).toISOString(),
    pollInterval: pollIntervalMs,
  };
}
