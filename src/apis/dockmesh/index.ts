/** Dockmesh's wire protocol: a thin translator on containers/, hosts/, notifications/ and identity/. */
import { createTrail } from "../../identity/trail.ts";
import type { Api, ApiInstance, ApiRequest } from "../../platform/http/api.ts";
import { readAnyBodyAsJson } from "../../platform/http/bodies.ts";
import { requireGuards } from "../../platform/http/guarded-routes.ts";
import { createUnknownPaths } from "../../platform/http/unknown-paths.ts";
import { allowDevelopmentOrigin, openCorsOperations } from "./cors.ts";
import { sendWireError } from "./errors.ts";
import { createGuards } from "./guards.ts";
import type { DockmeshParts } from "./parts.ts";
import { openEnrolmentOperations, registerAgentEnrolmentRoutes } from "./routes/agent-enrolment.ts";
import { installPath, openInstallOperations, registerAgentInstallRoutes } from "./routes/agent-install.ts";
import { registerAgentRoutes } from "./routes/agents.ts";
import { registerAlertRoutes } from "./routes/alerts.ts";
import { registerApiTokenRoutes } from "./routes/api-tokens.ts";
import { registerAuditRoutes } from "./routes/audit.ts";
import { registerAuditRetentionRoutes } from "./routes/audit-retention.ts";
import { registerAuditWebhookRoutes } from "./routes/audit-webhook.ts";
import { openAuthOperations, registerAuthRoutes } from "./routes/auth.ts";
import { registerContainerControlRoutes } from "./routes/container-control.ts";
import { registerContainerUpdateRoutes } from "./routes/container-updates.ts";
import { registerContainerRoutes } from "./routes/containers.ts";
import { registerConvertRoutes } from "./routes/convert.ts";
import { openDocumentationOperations, registerDocumentationRoutes } from "./routes/documentation.ts";
import { openPageOperations, registerDocumentationPage } from "./routes/documentation-page.ts";
import { openEmptyLists, registerEmptyLists } from "./routes/empty-lists.ts";
import { registerGlobalEnvRoutes } from "./routes/global-env.ts";
import { openHealthOperations, registerHealthRoutes } from "./routes/health.ts";
import { registerHostTagRoutes } from "./routes/host-tags.ts";
import { registerHostRoutes } from "./routes/hosts.ts";
import { registerImageRoutes } from "./routes/images.ts";
import { openLaterOperations, registerLaterRoutes } from "./routes/later.ts";
import { registerMeRoutes } from "./routes/me.ts";
import { registerMetricsRoutes } from "./routes/metrics.ts";
import { registerMfaRoutes } from "./routes/mfa.ts";
import { registerNetworkRoutes } from "./routes/networks.ts";
import { registerNotificationRoutes } from "./routes/notifications.ts";
import { registerOidcProviderRoutes } from "./routes/oidc-providers.ts";
import { openOidcOperations, registerOidcSignInRoutes } from "./routes/oidc-sign-in.ts";
import { registerPolicyRoutes } from "./routes/policy.ts";
import { openProbeOperations, registerProbeRoutes } from "./routes/probes.ts";
import { registerPrunePreviewRoutes } from "./routes/prune-previews.ts";
import { registerRegistryRoutes } from "./routes/registries.ts";
import { registerRoleRoutes } from "./routes/roles.ts";
import { registerSessionRoutes } from "./routes/sessions.ts";
import { registerSettingRoutes } from "./routes/settings.ts";
import { openSetupOperations, registerSetupRoutes } from "./routes/setup.ts";
import { registerStackAdoptRoutes } from "./routes/stack-adopt.ts";
import { registerStackDependencyRoutes } from "./routes/stack-dependencies.ts";
import { registerStackDeployRoutes } from "./routes/stack-deploy.ts";
import { registerStackEnvironmentRoutes } from "./routes/stack-environments.ts";
import { registerStackHistoryRoutes } from "./routes/stack-history.ts";
import { registerStackPlanRoutes } from "./routes/stack-plan.ts";
import { registerStackRecoveryRoutes } from "./routes/stack-recovery.ts";
import { registerStackScaleRoutes } from "./routes/stack-scale.ts";
import { registerStackRoutes } from "./routes/stacks.ts";
import { registerSystemRoutes } from "./routes/system.ts";
import { registerTemplateDeployRoute } from "./routes/template-deploy.ts";
import { registerTemplateRoutes } from "./routes/templates.ts";
import { registerUserLoginRoutes } from "./routes/user-logins.ts";
import { registerUserRoutes } from "./routes/users.ts";
import { registerVolumeBrowseRoutes } from "./routes/volume-browse.ts";
import { registerVolumeRoutes } from "./routes/volumes.ts";
import { basePath, bodyLimitBytes } from "./schemas.ts";
import { registerSocketRoutes } from "./sockets/sockets.ts";
import type { Toolbox } from "./toolbox.ts";

/** Version of the reference API that this one follows. */
const version = "1.0.0";

/** Operations that need no credential, or read it by themselves. */
const openOperations: readonly string[] = [
  ...[...openHealthOperations, ...openDocumentationOperations, ...openPageOperations],
  ...[...openAuthOperations, ...openCorsOperations, ...openProbeOperations],
  ...[...openEnrolmentOperations, ...openInstallOperations],
  ...[...openSetupOperations, ...openEmptyLists, ...openLaterOperations, ...openOidcOperations],
];

export function dockmeshApi(parts: DockmeshParts): Api {
  const trail = createTrail({ api: "dockmesh", audit: parts.identity.audit, essential: parts.essential });
  const guards = createGuards({
    authenticator: parts.identity.authenticator,
    denied: (request: ApiRequest, principal, permission) =>
      trail.recordSoon(request, principal, { action: "permission.denied", target: permission, outcome: "denied" }),
  });
  const toolbox: Toolbox = { guards, trail };
  const unknownPaths = createUnknownPaths((error) => ({ error }));

  return {
    name: "dockmesh",
    title: "Dockmesh",
    version,
    description: "Docker engines of a fleet: containers, images, volumes, networks and stacks.",
    pathPrefixes: [basePath, installPath],
    securitySchemes: {
      bearerAuth: { type: "http", scheme: "bearer", description: "A token of POST /auth/login, or an API token" },
    },
    async register(app) {
      app.addHook("onClose", () => trail.flush());
      unknownPaths.watch(app);
      requireGuards(app, openOperations);
      allowDevelopmentOrigin(app);
      registerDocumentationRoutes(app);
      registerDocumentationPage(app);
      registerProbeRoutes(app, parts);
      await app.register(async (scope: ApiInstance) => registerJsonRoutes(scope, parts, toolbox));
    },
    sendError: sendWireError,
    notFound: unknownPaths.answer,
  };
}

/** Their bodies are read as JSON whatever their Content-Type says. */
function registerJsonRoutes(app: ApiInstance, parts: DockmeshParts, toolbox: Toolbox): void {
  readAnyBodyAsJson(app);
  takeNoBodyAsEmpty(app);
  app.addHook("onRoute", (route) => {
    route.bodyLimit ??= bodyLimitBytes;
  });
  registerHealthRoutes(app, parts);
  registerAccountRoutes(app, parts, toolbox);
  registerEngineRoutes(app, parts, toolbox);
  registerStackRoutes(app, parts, toolbox);
  registerStackRecoveryRoutes(app, parts, toolbox);
  registerStackEnvironmentRoutes(app, parts, toolbox);
  registerStackAdoptRoutes(app, parts, toolbox);
  registerConvertRoutes(app, toolbox);
  registerStackDeployRoutes(app, parts, toolbox);
  registerStackPlanRoutes(app, parts, toolbox);
  registerStackScaleRoutes(app, parts, toolbox);
  registerStackHistoryRoutes(app, parts, toolbox);
  registerStackDependencyRoutes(app, parts, toolbox);
  registerTemplateRoutes(app, parts, toolbox);
  registerTemplateDeployRoute(app, parts, toolbox);
  registerAgentRoutes(app, parts.agents, toolbox);
  registerAgentEnrolmentRoutes(app, parts.agents, toolbox);
  registerAgentInstallRoutes(app, parts);
  registerHostTagRoutes(app, parts.agents, toolbox);
  registerMetricsRoutes(app, parts, toolbox);
  registerSystemRoutes(app, parts, toolbox);
  registerAlertRoutes(app, parts, toolbox);
  registerNotificationRoutes(app, parts, toolbox);
  registerSocketRoutes(app, parts, toolbox);
  registerFleetRoutes(app, parts, toolbox);
}

function registerAccountRoutes(app: ApiInstance, parts: DockmeshParts, toolbox: Toolbox): void {
  registerAuthRoutes(app, parts, toolbox);
  registerOidcSignInRoutes(app, parts, toolbox);
  registerOidcProviderRoutes(app, parts.identity.openid, toolbox);
  registerPolicyRoutes(app, parts, toolbox);
  registerSessionRoutes(app, parts, toolbox);
  registerMfaRoutes(app, parts, toolbox);
  registerMeRoutes(app, parts, toolbox);
  registerUserRoutes(app, parts, toolbox);
  registerUserLoginRoutes(app, parts, toolbox);
  registerRoleRoutes(app, parts, toolbox);
  registerApiTokenRoutes(app, parts, toolbox);
}

function registerEngineRoutes(app: ApiInstance, parts: DockmeshParts, toolbox: Toolbox): void {
  registerHostRoutes(app, parts, toolbox);
  registerContainerRoutes(app, parts, toolbox);
  registerContainerControlRoutes(app, parts, toolbox);
  registerContainerUpdateRoutes(app, parts, toolbox);
  registerImageRoutes(app, parts, toolbox);
  registerVolumeRoutes(app, parts, toolbox);
  registerVolumeBrowseRoutes(app, parts, toolbox);
  registerNetworkRoutes(app, parts, toolbox);
  registerPrunePreviewRoutes(app, parts, toolbox);
}

/** What holds for the whole fleet, and what is not served. */
function registerFleetRoutes(app: ApiInstance, parts: DockmeshParts, toolbox: Toolbox): void {
  registerSetupRoutes(app, parts);
  registerSettingRoutes(app, parts, toolbox);
  registerGlobalEnvRoutes(app, parts, toolbox);
  registerRegistryRoutes(app, parts, toolbox);
  registerAuditRoutes(app, parts, toolbox);
  registerAuditRetentionRoutes(app, parts, toolbox);
  registerAuditWebhookRoutes(app, parts, toolbox);
  registerEmptyLists(app, toolbox);
  registerLaterRoutes(app, toolbox);
}

/** Where all fields may be left out, clients leave out the body. */
function takeNoBodyAsEmpty(app: ApiInstance): void {
  app.addHook("preValidation", (request, _reply, done) => {
    request.body ??= request.routeOptions.schema?.body === undefined ? undefined : {};
    done();
  });
}
