/** `/yard/v1/apps/{name}/output`: the bytes that an app has printed, as a page or as a stream. */
import { Type } from "typebox";
import type { Principal } from "../../../identity/principal.ts";
import type { ApiInstance, ApiReply } from "../../../platform/http/api.ts";
import { requestSignal } from "../../../platform/http/request-signal.ts";
import { errorReplies } from "../errors.ts";
import { bearer, type Guard, principalOf } from "../guard.ts";
import type { AppOutputs, YardApiParts } from "../parts.ts";

const pageBytes = 1024 * 1024;

const OutputQuery = Type.Object({
  position: Type.Integer({
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
    default: 0,
    description: "First byte to read, counted from the start of the run",
  }),
  run: Type.Optional(
    Type.String({ minLength: 1, maxLength: 128, description: "Which run; none: the current or last one" }),
  ),
  index: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      description: "In place of `run`: 0 the current or last one, k the k-th before it",
    }),
  ),
  limit: Type.Integer({ minimum: 1, maximum: pageBytes, default: pageBytes, description: "Bytes of a page at most" }),
  follow: Type.Boolean({
    default: false,
    description: "Send what is printed from now on as well, until the run has ended",
  }),
});

const OutputReply = {
  description: "The bytes as they were printed",
  headers: {
    "X-Output-Position": {
      type: "integer",
      description: "Position of the first byte: higher than asked for when older output is gone",
    },
    "X-Output-Run": { type: "string", description: "The run whose output this is" },
    "X-Output-Next": { type: "integer", description: "Position after the last byte; not on a stream" },
    "X-Output-Size": { type: "integer", description: "All that was printed so far; not on a stream" },
    "X-Output-Ended": {
      type: "boolean",
      description: "Whether the run had ended before, so that nothing comes after the size; not on a stream",
    },
  },
  content: { "application/octet-stream": { schema: Type.Unsafe<Buffer>({ type: "string", format: "binary" }) } },
};

export function registerOutputRoute(app: ApiInstance, { apps }: Pick<YardApiParts, "apps">, guard: Guard): void {
  app.get(
    "/yard/v1/apps/:name/output",
    {
      onRequest: guard("apps.output"),
      schema: {
        operationId: "getAppOutput",
        summary: "Read or follow what an app prints",
        tags: ["Apps"],
        security: bearer,
        params: Type.Object({ name: Type.String() }),
        querystring: OutputQuery,
        response: { 200: OutputReply, ...errorReplies(400, 401, 403, 404, 503) },
      },
    },
    async (request, reply) => {
      const { position, run: runId, index, limit, follow } = request.query;
      const which = { name: request.params.name, position, runId, index, maxBytes: limit };
      reply.type("application/octet-stream");
      return follow
        ? sendStream(apps, principalOf(request), which, reply)
        : sendPage(apps, principalOf(request), which, reply);
    },
  );
}

interface Which {
  readonly name: string;
  readonly position: number;
  readonly runId: string | undefined;
  readonly index: number | undefined;
  readonly maxBytes: number;
}

async function sendPage(apps: AppOutputs, principal: Principal, { name, ...which }: Which, reply: ApiReply) {
  const page = await apps.output(principal, name, which);
  reply.headers({
    "x-output-position": String(page.from),
    "x-output-run": page.run.id,
    "x-output-next": String(page.next),
    "x-output-size": String(page.size),
    "x-output-ended": String(page.ended),
  });
  return reply.send(page.bytes);
}

/** A reader that stops reading holds back this stream alone. When the server closes, the stream breaks off: an orderly end would say that
 *  the run has ended. */
async function sendStream(apps: AppOutputs, principal: Principal, { name, ...which }: Which, reply: ApiReply) {
  const signal = requestSignal(reply);
  const { from, run } = await apps.output(principal, name, { ...which, maxBytes: 1 });
  const stream = await apps.follow(principal, name, { position: from, runId: run.id });
  const stop = (): void => void stream.destroy();
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  return reply.headers({ "x-output-position": String(from), "x-output-run": run.id }).send(stream);
}
