/** `POST /api/exec`: submits a script. */
import type { Trail } from "../../../identity/trail.ts";
import { isYardError, YardError } from "../../../platform/errors.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { callerOf, type Guard } from "../callers.ts";
import { errorReplies } from "../errors.ts";
import { isRawScript, maxScriptBytes, parseScriptBody, readScriptBodies, refuseForms } from "../exec-body.ts";
import type { McpV8Parts } from "../parts.ts";
import { ExecAccepted, ExecRequest, RawQuery, security } from "../schemas.ts";
import { submissionFromWire } from "../translate.ts";

export function registerExecRoute(
  app: ApiInstance,
  { scripts }: Pick<McpV8Parts, "scripts">,
  guard: Guard,
  trail: Trail,
): void {
  void app.register(async (scope: ApiInstance) => {
    readScriptBodies(scope);
    scope.post(
      "/api/exec",
      {
        onRequest: [guard("scripts.run"), refuseForms],
        preValidation: parseScriptBody,
        bodyLimit: maxScriptBytes,
        schema: {
          operationId: "execScript",
          summary: "Submit a script",
          description:
            "Answers at once; the script runs by itself. Ask for its status, and read what it prints, by the id. A Content-Type without `json` in it makes the whole body the script, with the parameters of the query.",
          tags: ["executions"],
          security,
          querystring: RawQuery,
          body: ExecRequest,
          response: { 202: ExecAccepted, ...errorReplies(400, 415, 429, 503, 507) },
        },
      },
      async (request, reply) => {
        const { teamId, actor } = callerOf(request);
        const { code, ...fields } = request.body;
        const wire = isRawScript(request) ? { ...request.query, code } : { ...fields, code };
        const id = await scripts.submit(teamId, submissionFromWire(wire)).catch(invalidSnapshot);
        trail.recordSoon(request, actor, { action: "script.run", target: id, outcome: "done" });
        return reply.code(202).send({ execution_id: id });
      },
    );
  });
}

/** A memory that is stored, but damaged, is the server's fault. */
function invalidSnapshot(error: unknown): never {
  if (!isYardError(error, "precondition")) throw error;
  throw new YardError("internal", `Invalid snapshot: ${error.message}`, { cause: error });
}
