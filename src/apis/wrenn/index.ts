/** Wrenn's wire protocol: a thin translator on capsules/, hosts/, notifications/ and identity/. */
import { createTrail } from "../../identity/trail.ts";
import type { Api, ApiInstance, ApiRequest } from "../../platform/http/api.ts";
import { readAnyBodyAsJson } from "../../platform/http/bodies.ts";
import { requireGuards } from "../../platform/http/guarded-routes.ts";
import { createUnknownPaths } from "../../platform/http/unknown-paths.ts";
import { createAccounts } from "./accounts.ts";
import { sendWireError } from "./errors.ts";
import { createGuards } from "./guards.ts";
import { createOwnTeam } from "./own-team.ts";
import type { WrennParts } from "./parts.ts";
import { registerApiKeyRoutes } from "./routes/api-keys.ts";
import { registerAuthRoutes } from "./routes/auth.ts";
import { registerCapsuleRoutes } from "./routes/capsules.ts";
import { registerChannelRoutes } from "./routes/channels.ts";
import { registerExecRoutes } from "./routes/exec.ts";
import { registerFileRoutes } from "./routes/files.ts";
import { registerFileUploadRoutes } from "./routes/files-upload.ts";
import { registerHealth } from "./routes/health.ts";
import { registerHostRoutes } from "./routes/hosts.ts";
import { openOAuthOperations, registerOAuthRoutes } from "./routes/oauth.ts";
import { registerProcessRoutes } from "./routes/processes.ts";
import { registerSelfRoutes } from "./routes/self.ts";
import { registerSnapshotRoutes } from "./routes/snapshots.ts";
import { registerStatsRoutes } from "./routes/stats.ts";
import { registerTeamMemberRoutes } from "./routes/team-members.ts";
import { registerTeamRoutes } from "./routes/teams.ts";
import { registerUserRoutes } from "./routes/users.ts";
import { bodyLimitBytes } from "./schemas.ts";
import { registerSocketRoutes } from "./sockets/sockets.ts";
import type { Toolbox } from "./toolbox.ts";

/** Version of the reference API that this one follows. */
const version = "0.1.0";

/** Operations that need no credential, or read it by themselves. */
const openOperations: readonly string[] = [
  "GET /health",
  "POST /v1/auth/signup",
  "POST /v1/auth/login",
  ...openOAuthOperations,
  "POST /v1/hosts/register",
  "POST /v1/hosts/auth/refresh",
];

export function wrennApi(parts: WrennParts): Api {
  const trail = createTrail({ api: "wrenn", audit: parts.identity.audit, essential: parts.essential });
  const guards = createGuards({
    ...{ authenticator: parts.identity.authenticator, teamDirectory: parts.teamDirectory },
    hostTokens: parts.hostTokens,
    denied: (request: ApiRequest, principal, permission) =>
      trail.recordSoon(request, principal, { action: "permission.denied", target: permission, outcome: "denied" }),
  });
  const toolbox: Toolbox = {
    ...{ guards, trail },
    accounts: createAccounts(parts.identity),
    ownTeam: createOwnTeam(parts.teamDirectory, parts.identity.memberships),
  };
  const unknownPaths = createUnknownPaths((text, reply) => {
    reply.type("text/plain; charset=utf-8");
    return text;
  });

  return {
    name: "wrenn",
    title: "Wrenn",
    version,
    description:
      "Capsules: sandboxes that live on, with what runs in them, and the teams and hosts that they belong to.",
    pathPrefixes: ["/v1", "/auth/oauth"],
    aliasPrefix: "/api",
    securitySchemes: {
      apiKeyAuth: { type: "apiKey", in: "header", name: "X-API-Key", description: "A key of POST /v1/api-keys" },
      bearerAuth: {
        type: "http",
        scheme: "bearer",
        bearerFormat: "JWT",
        description: "A token of POST /v1/auth/login or of any other API's login",
      },
      hostTokenAuth: {
        type: "apiKey",
        in: "header",
        name: "X-Host-Token",
        description: "The token that a host's registration gave",
      },
    },
    async register(app) {
      app.addHook("onClose", () => trail.flush());
      unknownPaths.watch(app);
      requireGuards(app, openOperations);
      await app.register(async (scope: ApiInstance) => registerJsonRoutes(scope, parts, toolbox));
      await app.register(async (scope: ApiInstance) => registerOAuthRoutes(scope, parts, toolbox));
      registerFileUploadRoutes(app, parts, toolbox);
      registerSocketRoutes(app, parts, toolbox);
    },
    sendError: sendWireError,
    notFound: unknownPaths.answer,
  };
}

/** Their bodies are read as JSON whatever their Content-Type says. */
function registerJsonRoutes(app: ApiInstance, parts: WrennParts, toolbox: Toolbox): void {
  readAnyBodyAsJson(app);
  app.addHook("onRoute", (route) => {
    route.bodyLimit ??= bodyLimitBytes;
  });
  registerHealth(app, parts);
  registerAuthRoutes(app, parts, toolbox);
  registerApiKeyRoutes(app, parts, toolbox);
  registerUserRoutes(app, parts, toolbox);
  registerSelfRoutes(app, parts, toolbox);
  registerTeamRoutes(app, parts, toolbox);
  registerTeamMemberRoutes(app, parts, toolbox);
  registerHostRoutes(app, parts, toolbox);
  registerChannelRoutes(app, parts, toolbox);
  registerCapsuleRoutes(app, parts, toolbox);
  registerStatsRoutes(app, parts, toolbox);
  registerSnapshotRoutes(app, parts, toolbox);
  registerExecRoutes(app, parts, toolbox);
  registerProcessRoutes(app, parts, toolbox);
  registerFileRoutes(app, parts, toolbox);
}
