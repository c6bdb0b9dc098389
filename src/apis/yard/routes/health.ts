/** What a service manager, a load balancer and a Prometheus ask: `/healthz`, `/readyz`, `/metrics`. */
import { Type } from "typebox";
import type { ApiInstance, ApiRequest } from "../../../platform/http/api.ts";
import { isLocalRequest } from "../../../platform/http/local-request.ts";
import { errorReplies } from "../errors.ts";
import { bearer } from "../guard.ts";
import type { YardApiParts } from "../parts.ts";

const checkTimeoutMs = 2_000;

const Readiness = (description: string) =>
  Type.Object(
    {
      ready: Type.Boolean(),
      checks: Type.Unsafe<Record<string, "ok" | "failed" | "late">>({
        type: "object",
        additionalProperties: { enum: ["ok", "failed", "late"] },
        description: "Each part by name; why one failed is in the log",
      }),
    },
    { description },
  );

export function registerHealthRoutes(app: ApiInstance, parts: YardApiParts): void {
  app.get(
    "/healthz",
    {
      schema: {
        operationId: "getHealth",
        summary: "Whether the process is alive",
        tags: ["Health"],
        response: { 200: Type.Object({ status: Type.Literal("ok") }, { description: "It is" }) },
      },
    },
    (_request, reply) => void reply.send({ status: "ok" }),
  );

  app.get(
    "/readyz",
    {
      schema: {
        operationId: "getReadiness",
        summary: "Whether the yard can serve, its stores and its agent included",
        tags: ["Health"],
        response: { 200: Readiness("It can"), 503: Readiness("A part fails or is late"), ...errorReplies() },
      },
    },
    async (request, reply) => {
      const checks = Object.fromEntries(
        await Promise.all(
          Object.entries(parts.readiness).map(
            async ([name, check]) => [name, await outcomeOf(name, check, request)] as const,
          ),
        ),
      );
      const ready = Object.values(checks).every((outcome) => outcome === "ok");
      return reply.code(ready ? 200 : 503).send({ ready, checks });
    },
  );

  app.get(
    "/metrics",
    {
      onRequest: async (request) => {
        if (!parts.metricsOpen && !isLocalRequest(request)) await parts.authenticate(request);
      },
      schema: {
        operationId: "getMetrics",
        summary:
          "Metrics in Prometheus' text format; from other machines with a token, unless the yard is set to show them to all",
        tags: ["Health"],
        security: [{}, ...bearer],
        response: {
          200: { description: "Metrics", content: { "text/plain": { schema: Type.String() } } },
          ...errorReplies(401),
        },
      },
    },
    async (_request, reply) => {
      const { text, contentType } = await parts.metrics.text();
      return reply.type(contentType).send(text);
    },
  );
}

async function outcomeOf(
  name: string,
  check: () => Promise<unknown>,
  request: ApiRequest,
): Promise<"ok" | "failed" | "late"> {
  const { promise: late, resolve: give } = Promise.withResolvers<"late">();
  using _timer = setTimeout(() => give("late"), checkTimeoutMs);
  try {
    return await Promise.race([check().then(() => "ok" as const), late]);
  } catch (error) {
    request.log.warn({ requestId: request.id, check: name, err: error }, "not ready");
    return "failed";
  }
}
