/** The operations that the console rests on. */
import type { ApiInstance } from "../../platform/http/api.ts";
import type { ConsoleParts } from "./console-parts.ts";
import { registerDoctorRoute } from "./doctor/route.ts";
import { createGuard, createSightGuard, principalOf } from "./guard.ts";
import { registerAppList } from "./lists/apps.ts";
import { registerAuditList } from "./lists/audit.ts";
import { registerCapsuleList } from "./lists/capsules.ts";
import { registerContainerList } from "./lists/containers.ts";
import { registerEventList } from "./lists/events.ts";
import { registerExecutionList } from "./lists/executions.ts";
import { registerHostList } from "./lists/hosts.ts";
import type { ListTools } from "./lists/list-tools.ts";
import { registerTaskList } from "./lists/tasks.ts";
import { registerLiveRoutes } from "./live/routes.ts";
import { registerLoadRoute } from "./overview/load.ts";
import { registerOverviewRoute } from "./overview/overview.ts";
import type { YardApiParts } from "./parts.ts";
import { registerTaskOutputRoute } from "./routes/task-output.ts";
import { registerSearchRoute } from "./search/search.ts";

export function registerConsoleRoutes(
  app: ApiInstance,
  parts: ConsoleParts,
  authentication: Pick<YardApiParts, "authenticate">,
): void {
  const guard = createGuard(authentication);
  const tools: ListTools = {
    parts,
    sees: createSightGuard(authentication, parts.access),
    viewerOf: (request) => parts.access.viewer(principalOf(request)),
  };
  for (const register of [
    registerAppList,
    registerTaskList,
    registerTaskOutputRoute,
    registerCapsuleList,
    registerExecutionList,
    registerContainerList,
    registerHostList,
    registerEventList,
    registerAuditList,
    registerLoadRoute,
  ])
    register(app, tools);
  registerOverviewRoute(app, tools, guard);
  registerSearchRoute(app, tools, guard);
  registerDoctorRoute(app, parts, guard);
  registerLiveRoutes(app, parts, guard, authentication);
}
