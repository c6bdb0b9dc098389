/** `/health`, and where to hear of tasks. */
import { Type } from "typebox";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { errorReplies } from "../errors.ts";
import type { MitosisParts } from "../parts.ts";
import { nullable, userSecurity } from "../schemas.ts";
import type { Toolbox } from "../toolbox.ts";

export function registerMetaRoutes(
  app: ApiInstance,
  { redis }: Pick<MitosisParts, "redis">,
  { guards }: Pick<Toolbox, "guards">,
): void {
  app.get(
    "/health",
    {
      schema: {
        operationId: "healthCheck",
        summary: "Tell whether the server answers",
        tags: ["Health"],
        security: [],
        response: { 200: Type.Object({ status: Type.Literal("ok") }), ...errorReplies() },
      },
    },
    () => ({ status: "ok" as const }),
  );

  app.get(
    "/redis",
    {
      onRequest: guards.user("tasks.view"),
      schema: {
        operationId: "getRedisConnectionInfo",
        summary: "Tell where workers announce how far tasks are",
        tags: ["Pubsub"],
        security: userSecurity,
        response: {
          200: Type.Object({ url: nullable(Type.String({ description: "Null: there is no Redis" })) }),
          ...errorReplies(401, 403),
        },
      },
    },
    (_request, reply) => {
      reply.header("cache-control", "no-store");
      return { url: redis.urlFor("client") };
    },
  );
}
