/** What load balancers and service managers ask, outside of the API's own paths and in plain words. */
import type { ApiInstance } from "../../../platform/http/api.ts";
import type { DockmeshParts } from "../parts.ts";

const paths = { live: "/healthz/live", ready: "/healthz/ready" } as const;
export const openProbeOperations = Object.values(paths).map((path) => `GET ${path}`);

const route = { schema: { hide: true }, config: { undocumented: "its paths are relative to another one" } };

export function registerProbeRoutes(app: ApiInstance, { checkDatabase }: Pick<DockmeshParts, "checkDatabase">): void {
  app.get(paths.live, route, (_request, reply) => reply.type("text/plain; charset=utf-8").send("ok"));

  app.get(paths.ready, route, async (request, reply) => {
    reply.type("text/plain; charset=utf-8");
    try {
      await checkDatabase();
      return "ready";
    } catch (error) {
      request.log.warn({ err: error, requestId: request.id }, "the database does not answer");
      return reply.code(503).send("the database does not answer");
    }
  });
}
