/** The output of an application's processes, by position. */
import { type Static, Type } from "typebox";
import type { OutputPage } from "../../../apps/output.ts";
import type { Principal } from "../../../identity/principal.ts";
import { YardError } from "../../../platform/errors.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { requestSignal } from "../../../platform/http/request-signal.ts";
import { type Guard, principalOf } from "../authenticate.ts";
import { endedUnknown, exitCodeOf } from "../exit-code.ts";
import { outputLines, outputPage } from "../output-formats.ts";
import type { AppMeshParts } from "../parts.ts";
import { secondsOf } from "../runs.ts";
import { Bytes, errorReplies } from "../schemas.ts";
import { AppPath } from "./applications.ts";

/** Of one request. Whoever waits longer asks again. */
const longestWaitSeconds = 86_400;
/** Of one reply; also the default. */
const mostBytes = 3 * 1024 * 1024;

const OutputQuery = Type.Object({
  stdout_position: Type.Optional(
    Type.String({ description: "First byte to read; X-Output-Position of the reply before" }),
  ),
  stdout_index: Type.Optional(Type.String({ description: "0 the current or last process, k the k-th older one" })),
  stdout_maxsize: Type.Optional(Type.String({ description: "Bytes at most; negative: the last so many" })),
  process_uuid: Type.Optional(
    Type.String({ description: "Answer only for this process, with X-Exit-Code once it has ended" }),
  ),
  timeout: Type.Optional(
    Type.String({ description: "Seconds to wait for the end of a running process before reading" }),
  ),
  json: Type.Optional(Type.Boolean({ description: "1: the output as an array of lines" })),
  html: Type.Optional(Type.Boolean({ description: "1: the output as a page" })),
});

const OutputLines = Type.Array(Type.Object({ index: Type.Integer(), stdout: Type.String() }));

export function registerOutputRoutes(app: ApiInstance, parts: AppMeshParts, guard: Guard): void {
  const { apps } = parts;

  app.get(
    "/appmesh/app/:app_name/output",
    {
      onRequest: guard("app-output-view"),
      schema: {
        summary: "Read what an application has printed",
        tags: ["ApplicationMonitor"],
        security: [{ BearerAuth: [] }],
        params: AppPath,
        querystring: OutputQuery,
        response: {
          200: {
            description: "Output from the position on",
            content: {
              "text/plain": { schema: Bytes },
              // With its parameter: generators take a plain application/json for the reply that everybody gets, which is the text.
              "application/json; charset=utf-8": { schema: OutputLines },
              "text/html": { schema: Type.String() },
            },
          },
          ...errorReplies(400, 401, 404, 412),
        },
      },
    },
    async (request, reply) => {
      const { query } = request;
      const output = await read(principalOf(request), request.params.app_name, query, requestSignal(reply));
      const runId = query.process_uuid || undefined;
      if (runId && output.index === 0 && output.next >= output.size) {
        const code = exitCodeOf(output.run);
        if (code !== undefined) reply.header("x-exit-code", String(code));
        if (endedUnknown(output.run) && output.bytes.length === 0) {
          throw new YardError("precondition", "the process ended while its agent was away: its exit code is unknown");
        }
      }
      if (output.next > 0) reply.header("x-output-position", String(output.next));
      if (query.json) return reply.type("application/json; charset=utf-8").send(outputLines(output.bytes));
      if (query.html) {
        return reply.type("text/html; charset=utf-8").send(outputPage(request.params.app_name, output.bytes));
      }
      return reply.type("text/plain; charset=utf-8").send(output.bytes);
    },
  );

  async function read(
    principal: Principal,
    name: string,
    query: Static<typeof OutputQuery>,
    signal: AbortSignal,
  ): Promise<OutputPage> {
    const index = Math.max(0, secondsOf(query.stdout_index, "stdout_index") ?? 0);
    const runId = index === 0 ? query.process_uuid || undefined : undefined;
    const which = runId === undefined ? { index } : { runId };
    const waitSeconds = Math.max(0, secondsOf(query.timeout, "timeout") ?? 0);
    const waitForExitMs = Math.min(waitSeconds, longestWaitSeconds) * 1_000;
    const { position, maxBytes, isTail } = windowOf(query);
    const page = await apps.output(principal, name, {
      ...which,
      position: isTail ? 0 : position,
      maxBytes,
      waitForExitMs,
      signal,
    });
    if (runId !== undefined && page.index !== 0)
      throw new YardError("not_found", `process ${runId} of application ${name} was replaced by a later one`);
    const start = page.size - maxBytes;
    return isTail && start > 0 ? apps.output(principal, name, { ...which, position: start, maxBytes, signal }) : page;
  }
}

/** Where to read and how much: from a position, or the tail. A size of 0 means as much as one reply may hold. */
function windowOf(query: Static<typeof OutputQuery>): { position: number; maxBytes: number; isTail: boolean } {
  const position = Math.max(0, secondsOf(query.stdout_position, "stdout_position") ?? 0);
  const size = secondsOf(query.stdout_maxsize, "stdout_maxsize") || mostBytes;
  return { position, maxBytes: Math.min(Math.abs(size), mostBytes), isTail: size < 0 };
}
