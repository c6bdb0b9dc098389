/** The yard's own API: what none of the five contracts has a place for. */
import { createTrail } from "../../identity/trail.ts";
import { YardError } from "../../platform/errors.ts";
import type { Api } from "../../platform/http/api.ts";
import { registerConsoleRoutes } from "./console.ts";
import { sendError } from "./errors.ts";
import { createGuard } from "./guard.ts";
import type { YardApiParts } from "./parts.ts";
import { registerCapsuleMove } from "./routes/capsule-move.ts";
import { registerHealthRoutes } from "./routes/health.ts";
import { registerHostAgentRoutes } from "./routes/host-agents.ts";
import { registerOutputRoute } from "./routes/output.ts";
import { registerRefreshRoute } from "./routes/refresh.ts";
import { registerSelfRoute } from "./routes/self.ts";
import { registerTemplateUpload } from "./routes/templates.ts";
import { registerTreeRoutes } from "./routes/trees.ts";
import { registerTreeUpload } from "./routes/trees-upload.ts";

export function yardApi(parts: YardApiParts): Api {
  const guard = createGuard(parts);
  const trail = createTrail({ api: "yard", audit: parts.audit, essential: parts.essential });
  return {
    name: "yard",
    title: "Runyard",
    version: parts.version,
    description:
      "The yard's own operations: lists over all that runs, what changes in them, an overview and a search; health and metrics; the output of apps as a stream, and file trees and templates as archives.",
    pathPrefixes: ["/yard", "/healthz", "/readyz", "/metrics", "/openapi", "/docs"],
    securitySchemes: {
      Bearer: { type: "http", scheme: "bearer", description: "A token of any API's login, or an API key" },
      HostToken: { type: "http", scheme: "bearer", description: "A host's own token, from its registration" },
    },
    register(app) {
      app.addHook("onClose", () => trail.flush());
      registerHealthRoutes(app, parts);
      registerSelfRoute(app, guard);
      registerRefreshRoute(app, parts.sessions, trail);
      registerOutputRoute(app, parts, guard);
      registerConsoleRoutes(app, parts.console, parts);
      registerHostAgentRoutes(app, parts.hostAgents, trail);
      registerTreeRoutes(app, parts, guard);
      registerTreeUpload(app, parts, guard, trail);
      registerTemplateUpload(app, parts, guard, trail);
      registerCapsuleMove(app, parts, guard, trail);
    },
    sendError,
    notFound: (request, reply) =>
      sendError(
        new YardError(
          "not_found",
          `There is no ${request.method} ${request.url.split("?", 1)[0]}; /openapi lists what there is.`,
        ),
        request,
        reply,
      ),
  };
}
