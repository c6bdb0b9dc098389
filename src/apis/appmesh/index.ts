/** App Mesh's wire protocol: a thin translator on apps/, identity/ and the local host. */

import type { Principal } from "../../identity/principal.ts";
import { createTrail } from "../../identity/trail.ts";
import type { Api, ApiRequest } from "../../platform/http/api.ts";
import { readAnyBodyAsJson } from "../../platform/http/bodies.ts";
import { requireGuards } from "../../platform/http/guarded-routes.ts";
import { createGuard } from "./authenticate.ts";
import { allowCookies, createCookies } from "./cookies.ts";
import { allowCrossOrigin } from "./cors.ts";
import { sendWireError } from "./errors.ts";
import { forwardRequests } from "./forward.ts";
import { createAppMeshMetrics } from "./metrics.ts";
import type { AppMeshParts } from "./parts.ts";
import { registerApplicationRoutes } from "./routes/applications.ts";
import { registerConfigRoutes } from "./routes/config.ts";
import { registerFileRoutes } from "./routes/files.ts";
import { registerLabelRoutes } from "./routes/labels.ts";
import { registerMessageRoutes } from "./routes/messages.ts";
import { registerMonitorRoutes } from "./routes/monitor.ts";
import { registerOutputRoutes } from "./routes/output.ts";
import { registerPasswordRoute } from "./routes/password.ts";
import { registerRoleRoutes } from "./routes/roles.ts";
import { registerRunRoutes } from "./routes/runs.ts";
import { registerSessionRoutes } from "./routes/session.ts";
import { registerTotpRoutes } from "./routes/totp.ts";
import { registerUserRoutes } from "./routes/users.ts";

/** Version of the reference API that this one follows. */
const version = "2.2.1";

const tokenHint =
  "A token of POST /appmesh/login, or an API key. Without the header the cookies of a login with X-Set-Cookie count, repeated in X-CSRF-Token.";

/** Operations that need no token: what they give away is meant for everybody, or they bring credentials of their own. */
const openOperations = [
  "POST /appmesh/login",
  "POST /appmesh/auth",
  "POST /appmesh/totp/validate",
  "GET /appmesh/app/:app_name/health",
  "GET /appmesh/app/:app_name/task",
  "PUT /appmesh/app/:app_name/task",
  "GET /appmesh/metrics",
  "OPTIONS /appmesh/*",
];

export function appMeshApi(parts: AppMeshParts): Api {
  const trail = createTrail({ api: "appmesh", audit: parts.identity.audit, essential: parts.essential });
  const denied = (request: ApiRequest, principal: Principal, permission: string) =>
    void trail
      .record(request, principal, { action: "permission.denied", target: permission, outcome: "denied" })
      .catch((error: unknown) => request.log.error({ err: error }, "cannot save an audit entry"));
  const metrics = createAppMeshMetrics({ metrics: parts.metrics, host: parts.localHost.name, apps: parts.apps });
  const cookies = createCookies(parts.csrfKey);
  const guard = createGuard({ authenticator: parts.identity.authenticator, cookies, denied });

  return {
    name: "appmesh",
    title: "App Mesh",
    version,
    description: "Supervised applications and runs, as App Mesh's clients know them.",
    pathPrefixes: ["/appmesh"],
    securitySchemes: {
      BearerAuth: { type: "http", scheme: "bearer", description: tokenHint },
      BasicAuth: { type: "http", scheme: "basic", description: "Name and password, at login only" },
    },
    register(app) {
      app.addHook("onClose", () => trail.flush());
      requireGuards(app, openOperations);
      forwardRequests(app, parts); // first: what is handed on goes as it came
      readAnyBodyAsJson(app);
      allowCrossOrigin(app);
      metrics.countRequests(app);
      allowCookies(app, (scope) => {
        registerSessionRoutes(scope, parts, guard, trail, cookies);
        registerTotpRoutes(scope, parts, guard, trail, cookies);
      });
      registerUserRoutes(app, parts, guard, trail);
      registerPasswordRoute(app, parts, guard, trail);
      registerRoleRoutes(app, parts, guard, trail);
      registerApplicationRoutes(app, parts, guard, trail);
      registerRunRoutes(app, parts, guard, trail);
      registerMessageRoutes(app, parts, guard, trail);
      registerOutputRoutes(app, parts, guard);
      registerFileRoutes(app, parts, guard, trail);
      registerLabelRoutes(app, parts, guard, trail);
      registerConfigRoutes(app, parts, guard, trail);
      registerMonitorRoutes(app, parts, guard, metrics);
    },
    sendError: (error, _request, reply) => sendWireError(error, reply),
    notFound: (request, reply) =>
      reply.code(404).send({ message: `Path not found ${request.method}:${request.url.split("?")[0]}` }),
  };
}
