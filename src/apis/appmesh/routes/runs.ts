/** Runs: a command, or a copy of an application, as a temporary application; waited for or not. */
import { Type } from "typebox";
import type { AppDefinition } from "../../../apps/app.ts";
import type { RunRequest } from "../../../apps/runs.ts";
import type { Trail } from "../../../identity/trail.ts";
import { isYardError, YardError } from "../../../platform/errors.ts";
import type { ApiInstance, ApiRequest } from "../../../platform/http/api.ts";
import { type Guard, principalOf } from "../authenticate.ts";
import { endedUnknown, exitCodeOf } from "../exit-code.ts";
import { inWireFields } from "../field-names.ts";
import type { AppMeshParts } from "../parts.ts";
import { quirks, readingOf } from "../quirks.ts";
import { runTimesOf } from "../runs.ts";
import { AppRequest, Bytes, errorReplies } from "../schemas.ts";
import { definitionFromWire, replacementFromWire, type Surroundings } from "../translate.ts";

const RunQuery = Type.Object({
  timeout: Type.Optional(
    Type.String({ description: "Seconds (or an ISO 8601 duration) until the process is killed; 0 or less: never" }),
  ),
  lifecycle: Type.Optional(
    Type.String({ description: "Seconds (or an ISO 8601 duration) until the temporary application is removed" }),
  ),
});

const bearer = [{ BearerAuth: [] }];

const SyncRunReply = Type.Object({ exit_code: Type.Integer(), output_position: Type.Integer(), stdout: Type.String() });

export function registerRunRoutes(app: ApiInstance, parts: AppMeshParts, guard: Guard, trail: Trail): void {
  const { apps } = parts;

  app.post(
    "/appmesh/app/run",
    {
      onRequest: guard("app-run-async"),
      schema: {
        summary: "Run a command, or a copy of an application, and do not wait for it",
        tags: ["ApplicationRun"],
        security: bearer,
        querystring: RunQuery,
        body: AppRequest,
        response: {
          200: Type.Object({ name: Type.String(), process_uuid: Type.String() }),
          ...errorReplies(400, 401, 412),
        },
      },
    },
    async (request) => {
      const times = runTimesOf(request.query);
      const run = await runRequestOf(parts, request.body);
      const started = await asked(request, trail, run, () => apps.run(principalOf(request), run, times));
      return { name: started.name, process_uuid: started.runId };
    },
  );

  app.post(
    "/appmesh/app/syncrun",
    {
      onRequest: guard("app-run-sync"),
      schema: {
        summary: "Run a command, or a copy of an application, and wait for its end",
        description:
          "The body is the output; X-Exit-Code and X-Output-Position tell the rest. Asked for application/json, an object with all three.",
        tags: ["ApplicationRun"],
        security: bearer,
        querystring: RunQuery,
        body: AppRequest,
        response: {
          200: {
            description: "The process has ended",
            content: { "application/json": { schema: SyncRunReply }, "text/plain": { schema: Bytes } },
          },
          ...errorReplies(400, 401, 412, 417),
        },
      },
    },
    async (request, reply) => {
      const times = runTimesOf(request.query);
      const run = await runRequestOf(parts, request.body);
      const ended = await asked(request, trail, run, () => apps.runSync(principalOf(request), run, times));
      if (endedUnknown(ended.run)) {
        throw new YardError("interrupted", "the agent was restarted while the command ran: how it ended is unknown");
      }
      const exitCode = exitCodeOf(ended.run) ?? 0;
      reply.headers({ "x-exit-code": String(exitCode), "x-output-position": String(ended.next) });
      if (wantsObject(request, parts)) {
        return reply.send({ exit_code: exitCode, output_position: ended.next, stdout: ended.output.toString("utf8") });
      }
      return reply.type("text/plain; charset=utf-8").send(ended.output);
    },
  );
}

/** The three cases of a run's body: a copy of an existing application, or a command with or without a name of its own. */
async function runRequestOf({ apps, seal, clock }: AppMeshParts, body: AppRequest): Promise<RunRequest> {
  const name = body.name ? body.name.trim() : undefined;
  if (name !== undefined && (await apps.has(name))) return { copyOf: name, replace: replacementFromWire(body, seal) };
  return { name, definition: commandOf(body, { seal, now: clock.now() }) };
}

/** @throws {YardError} invalid. What a definition is refused for (a container) is here a fault of the request, too. */
function commandOf(body: AppRequest, surroundings: Surroundings): AppDefinition {
  try {
    return definitionFromWire(body, surroundings);
  } catch (error) {
    throw asBadRequest(error);
  }
}

/** What keeps a process from being started is the request's fault on these operations, whatever it is elsewhere. */
function asBadRequest(error: unknown): unknown {
  if (!isYardError(error, "precondition")) return error;
  return new YardError("invalid", error.message, { field: error.field, cause: error });
}

/** A run is on the audit trail from the moment it is admitted: what it does to the yard cannot keep it off. */
async function asked<T>(request: ApiRequest, trail: Trail, run: RunRequest, start: () => Promise<T>): Promise<T> {
  const principal = principalOf(request);
  const target = "copyOf" in run ? run.copyOf : (run.name ?? "");
  await trail.intend(request, principal, { action: "app.run", target, outcome: "done" });
  try {
    return await inWireFields(start);
  } catch (error) {
    const outcome = isYardError(error, "forbidden") ? "denied" : "failed";
    await trail.record(request, principal, { action: "app.run", target, outcome });
    throw asBadRequest(error);
  }
}

function wantsObject(request: ApiRequest, parts: AppMeshParts): boolean {
  const reading = readingOf(request.headers["user-agent"], parts.reading);
  return quirks.syncRunBody[reading] !== "text" && /\bapplication\/json\b/i.test(request.headers.accept ?? "");
}
