/** The one foreign origin: where the browser UI is served while somebody develops it. Everywhere else it comes from where this API is. */
import type { ApiInstance } from "../../platform/http/api.ts";
import { basePath } from "./schemas.ts";

const developmentOrigin = "http://localhost:5173";
const path = `${basePath}/*`;
export const openCorsOperations = [`OPTIONS ${path}`];

const preflight = {
  "access-control-allow-methods": "GET, POST, PUT, DELETE, OPTIONS",
  "access-control-allow-headers": "Accept, Authorization, Content-Type",
  "access-control-max-age": "300",
};

export function allowDevelopmentOrigin(app: ApiInstance): void {
  app.addHook("onRequest", (request, reply, done) => {
    reply.header("vary", "Origin");
    if (request.headers.origin === developmentOrigin)
      reply.headers({
        "access-control-allow-origin": developmentOrigin,
        "access-control-allow-credentials": "true",
        "access-control-expose-headers": "X-Request-Id, Retry-After",
      });
    done();
  });

  app.options(
    path,
    {
      schema: { hide: true },
      config: { undocumented: "the browser's question before a request, the same on every path" },
    },
    (request, reply) => {
      if (request.headers.origin === developmentOrigin) reply.headers(preflight);
      return reply.code(204).send();
    },
  );
}
