/** App Mesh's wire protocol: a thin translator on apps/, identity/ and the local host. */

import type { Principal } from "../../identity/principal.ts";
import type { Api, ApiRequest } from "../../platform/http/api.ts";
import { readAnyBodyAsJson } from "../../platform/http/bodies.ts";
import { createTrail } from "./audit.ts";
import { createGuard, requireGuards } from "./authenticate.ts";
import { allowCrossOrigin } from "./cors.ts";
import { sendWireError } from "./errors.ts";
import { createAppMeshMetrics } from "./metrics.ts";
import type { AppMeshParts } from "./parts.ts";
import { registerApplicationRoutes } from "./routes/applications.ts";
import { registerIdentityRoutes } from "./routes/identity.ts";
import { registerMonitorRoutes } from "./routes/monitor.ts";
import { registerOutputRoutes } from "./routes/output.ts";
import { registerRunRoutes } from "./routes/runs.ts";

/** Version of the reference API that this one follows. */
const version = "2.2.1";

/** Operations that need no token: what they give away is meant for everybody, or they bring credentials of their own. */
const openOperations = [
  "POST /appmesh/login",
  "POST /appmesh/auth",
  "GET /appmesh/app/:app_name/health",
  "GET /appmesh/metrics",
  "OPTIONS /appmesh/*",
];

export function appMeshApi(parts: AppMeshParts): Api {
  const trail = createTrail(parts.identity.audit, parts.essential);
  const denied = (request: ApiRequest, principal: Principal, permission: string) =>
    void trail
      .record(request, principal, { action: "permission.denied", target: permission, outcome: "denied" })
      .catch((error: unknown) => request.log.error({ err: error }, "cannot save an audit entry"));
  const metrics = createAppMeshMetrics(parts.metrics.registry, parts.localHost.name);
  const guard = createGuard({ authenticator: parts.identity.authenticator, denied });

  return {
    name: "appmesh",
    title: "App Mesh",
    version,
    description: "Supervised applications and runs, as App Mesh's clients know them.",
    pathPrefixes: ["/appmesh"],
    securitySchemes: {
      BearerAuth: { type: "http", scheme: "bearer", description: "A token of POST /appmesh/login, or an API key" },
      BasicAuth: { type: "http", scheme: "basic", description: "Name and password, at login only" },
    },
    register(app) {
      requireGuards(app, openOperations);
      readAnyBodyAsJson(app);
      allowCrossOrigin(app);
      metrics.countRequests(app);
      registerIdentityRoutes(app, parts, guard, trail);
      registerApplicationRoutes(app, parts, guard, trail);
      registerRunRoutes(app, parts, guard, trail);
      registerOutputRoutes(app, parts, guard);
      registerMonitorRoutes(app, parts, guard, metrics);
    },
    sendError: (error, _request, reply) => sendWireError(error, reply),
    notFound: (request, reply) =>
      reply.code(404).send({ message: `Path not found ${request.method}:${request.url.split("?")[0]}` }),
  };
}
