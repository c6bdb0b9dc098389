/** Mitosis' wire protocol: a thin translator on tasks/ and identity/. */
import { createTrail } from "../../identity/trail.ts";
import type { Api, ApiRequest } from "../../platform/http/api.ts";
import { requireGuards } from "../../platform/http/guarded-routes.ts";
import { createUnknownPaths } from "../../platform/http/unknown-paths.ts";
import { createGuards } from "./callers.ts";
import { allowCrossOrigin } from "./cors.ts";
import { sendWireError } from "./errors.ts";
import { createGroups } from "./groups.ts";
import type { MitosisParts } from "./parts.ts";
import { createReadingOf } from "./quirks.ts";
import { registerAdminUserRoutes } from "./routes/admin-users.ts";
import { registerAdminYardRoutes } from "./routes/admin-yard.ts";
import { registerArtifactRoutes } from "./routes/artifacts.ts";
import { registerAttachmentRoutes } from "./routes/attachments.ts";
import { registerGroupRoutes } from "./routes/groups.ts";
import { registerMetaRoutes } from "./routes/meta.ts";
import { registerSessionRoutes } from "./routes/session.ts";
import { registerTaskRoutes } from "./routes/tasks.ts";
import { registerUserRoutes } from "./routes/users.ts";
import { registerWorkerTaskRoutes } from "./routes/worker-tasks.ts";
import { registerWorkerRoutes } from "./routes/workers.ts";
import { bodyLimitBytes } from "./schemas.ts";
import type { Toolbox } from "./toolbox.ts";

/** Version of the reference API that this one follows. */
const version = "0.6.0";

const pathPrefixes = ["/login", "/auth", "/users", "/groups", "/workers", "/tasks", "/admin", "/redis", "/health"];

/** Operations that need no token. */
const openOperations = [
  "GET /health",
  "POST /login",
  ...pathPrefixes.flatMap((path) => [`OPTIONS ${path}`, `OPTIONS ${path}/*`]),
];

export function mitosisApi(parts: MitosisParts): Api {
  const trail = createTrail({ api: "mitosis", audit: parts.identity.audit, essential: parts.essential });
  const guards = createGuards({
    ...{ authenticator: parts.identity.authenticator, workers: parts.workers, teamDirectory: parts.teamDirectory },
    denied: (request: ApiRequest, principal, permission) =>
      trail.recordSoon(request, principal, { action: "permission.denied", target: permission, outcome: "denied" }),
  });
  const toolbox: Toolbox = {
    ...{ guards, trail },
    groups: createGroups(parts.teamDirectory),
    readingOf: createReadingOf(parts.reading),
  };
  const unknownPaths = createUnknownPaths((text) => ({ msg: text, error: text }));

  return {
    name: "mitosis",
    title: "Mitosis",
    version,
    description: "Queued tasks, the workers that run them, and their files, as Mitosis' clients and workers know them.",
    pathPrefixes,
    securitySchemes: {
      bearerAuth: {
        type: "http",
        scheme: "bearer",
        bearerFormat: "JWT",
        description: "A token of POST /login or of any other API's login, or an API key",
      },
      workerAuth: { type: "http", scheme: "bearer", description: "The token that a worker's registration gave" },
    },
    register(app) {
      app.addHook("onClose", () => trail.flush());
      unknownPaths.watch(app);
      requireGuards(app, openOperations);
      app.addHook("onRoute", (route) => {
        route.bodyLimit ??= bodyLimitBytes;
      });
      allowCrossOrigin(app, pathPrefixes);
      registerMetaRoutes(app, parts, toolbox);
      registerSessionRoutes(app, parts, toolbox);
      registerUserRoutes(app, parts, toolbox);
      registerGroupRoutes(app, parts, toolbox);
      registerAttachmentRoutes(app, parts, toolbox);
      registerTaskRoutes(app, parts, toolbox);
      registerArtifactRoutes(app, parts, toolbox);
      registerWorkerRoutes(app, parts, toolbox);
      registerWorkerTaskRoutes(app, parts, toolbox);
      registerAdminUserRoutes(app, parts, toolbox);
      registerAdminYardRoutes(app, parts, toolbox);
    },
    sendError: sendWireError,
    notFound: unknownPaths.answer,
  };
}
