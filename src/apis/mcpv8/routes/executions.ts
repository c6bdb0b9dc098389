/** `/api/executions`: what became of submitted scripts. */
import type { Trail } from "../../../identity/trail.ts";
import { isYardError } from "../../../platform/errors.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { keepBodiesRaw } from "../../../platform/http/bodies.ts";
import { preferredWaitMs, WaitHeaders } from "../../../platform/http/prefer.ts";
import { requestSignal } from "../../../platform/http/request-signal.ts";
import { callerOf, type Guard } from "../callers.ts";
import { errorReplies } from "../errors.ts";
import type { McpV8Parts } from "../parts.ts";
import {
  CancelResult,
  ExecutionInfo,
  ExecutionList,
  ExecutionOutput,
  ExecutionParams,
  OutputQuery,
  security,
} from "../schemas.ts";
import { executionToWire, outputToWire, pageRequestFromWire, summaryToWire } from "../translate.ts";

const about = { tags: ["executions"], security };

export function registerExecutionRoutes(
  app: ApiInstance,
  { scripts }: Pick<McpV8Parts, "scripts">,
  guard: Guard,
  trail: Trail,
): void {
  app.get(
    "/api/executions",
    {
      onRequest: guard("scripts.view"),
      schema: {
        ...about,
        operationId: "listExecutions",
        summary: "List the executions that are kept",
        response: { 200: ExecutionList, ...errorReplies(503) },
      },
    },
    async (request) => ({ executions: (await scripts.list(callerOf(request).teamId)).map(summaryToWire) }),
  );

  app.get(
    "/api/executions/:id",
    {
      onRequest: guard("scripts.view"),
      schema: {
        ...about,
        operationId: "getExecution",
        summary: "Status and result of an execution",
        params: ExecutionParams,
        headers: WaitHeaders,
        response: { 200: ExecutionInfo, ...errorReplies(404, 503) },
      },
    },
    async (request, reply) => {
      const { teamId } = callerOf(request);
      const timeoutMs = preferredWaitMs(request, reply);
      if (timeoutMs === undefined) return executionToWire(await scripts.get(teamId, request.params.id));
      return executionToWire(
        await scripts.ended(teamId, request.params.id, { timeoutMs, signal: requestSignal(reply) }),
      );
    },
  );

  app.get(
    "/api/executions/:id/output",
    {
      onRequest: guard("scripts.view"),
      schema: {
        ...about,
        operationId: "getExecutionOutput",
        summary: "Read what an execution has printed, by lines or by bytes",
        params: ExecutionParams,
        querystring: OutputQuery,
        response: { 200: ExecutionOutput, ...errorReplies(400, 404, 503) },
      },
    },
    async (request) => {
      const { id } = request.params;
      const page = await scripts.output(callerOf(request).teamId, id, pageRequestFromWire(request.query));
      return outputToWire(id, page);
    },
  );

  void app.register(async (scope: ApiInstance) => {
    keepBodiesRaw(scope); // whatever is sent is not looked at
    registerCancelRoute(scope, { scripts }, guard, trail);
  });
}

function registerCancelRoute(
  app: ApiInstance,
  { scripts }: Pick<McpV8Parts, "scripts">,
  guard: Guard,
  trail: Trail,
): void {
  app.post(
    "/api/executions/:id/cancel",
    {
      onRequest: guard("scripts.run"),
      schema: {
        ...about,
        operationId: "cancelExecution",
        summary: "End an execution for good, wherever it is",
        params: ExecutionParams,
        response: { ...errorReplies(408, 413, 503), 200: CancelResult, 400: CancelResult },
      },
    },
    async (request, reply) => {
      const { teamId, actor } = callerOf(request);
      const { id } = request.params;
      try {
        await scripts.cancel(teamId, id);
      } catch (error) {
        if (!isYardError(error, "not_found") && !isYardError(error, "conflict")) throw error;
        return reply.code(400).send({ ok: false, error: error.message });
      }
      await trail.record(request, actor, { action: "script.cancel", target: id, outcome: "done" });
      return { ok: true };
    },
  );
}
