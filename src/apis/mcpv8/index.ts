/** mcp-v8's REST protocol: a thin translator on scripts/ and snapshots/. */
import { createTrail } from "../../identity/trail.ts";
import type { Api, ApiRequest } from "../../platform/http/api.ts";
import { createGuard } from "./callers.ts";
import { sendWireError } from "./errors.ts";
import { createOwners } from "./owners.ts";
import type { McpV8Parts } from "./parts.ts";
import { registerCliRoutes } from "./routes/cli.ts";
import { registerExecRoute } from "./routes/exec.ts";
import { registerExecutionRoutes } from "./routes/executions.ts";
import { registerLabelRoutes } from "./routes/labels.ts";
import { registerMergeRoute } from "./routes/merge.ts";
import { registerMetaRoutes } from "./routes/meta.ts";

export function mcpV8Api(parts: McpV8Parts): Api {
  const trail = createTrail({ api: "mcp-v8", audit: parts.audit, essential: parts.essential });
  const guard = createGuard({
    ...{ authenticator: parts.authenticator, owners: createOwners(parts.teams), open: parts.open },
    denied: (request: ApiRequest, actor, permission) =>
      trail.recordSoon(request, actor, { action: "permission.denied", target: permission, outcome: "denied" }),
  });
  return {
    name: "mcp-v8",
    title: "mcp-v8",
    version: parts.version,
    description: "Scripts with resumable memory and versioned files, as mcp-v8's clients know them.",
    pathPrefixes: ["/api", "/llms.txt"],
    securitySchemes: {
      Bearer: {
        type: "http",
        scheme: "bearer",
        description:
          "A token of any API's login, or an API key. Programs on this machine need none, unless the yard is set otherwise",
      },
    },
    register(app) {
      app.addHook("onClose", () => trail.flush());
      registerExecRoute(app, parts, guard, trail);
      registerExecutionRoutes(app, parts, guard, trail);
      registerLabelRoutes(app, parts, guard, trail);
      registerMergeRoute(app, parts, guard);
      registerMetaRoutes(app, parts);
      registerCliRoutes(app, parts);
    },
    sendError: sendWireError,
    notFound: (request, reply) =>
      reply.code(404).send({ error: `There is no ${request.method} ${request.url.split("?", 1)[0]}.` }),
  };
}
