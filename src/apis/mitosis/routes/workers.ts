/** `/workers`: workers as users see and command them, and their own coming and going. */
import type { ApiInstance } from "../../../platform/http/api.ts";
import type { MitosisParts } from "../parts.ts";
import type { Toolbox } from "../toolbox.ts";
import { registerWorkerEdits } from "./workers-edit.ts";
import { registerWorkerGroups } from "./workers-groups.ts";
import { registerWorkerLife } from "./workers-life.ts";
import { registerWorkerQueries } from "./workers-query.ts";
import { registerWorkerShutdowns } from "./workers-shutdown.ts";

export function registerWorkerRoutes(app: ApiInstance, parts: MitosisParts, toolbox: Toolbox): void {
  registerWorkerLife(app, parts, toolbox);
  registerWorkerQueries(app, parts, toolbox);
  registerWorkerEdits(app, parts, toolbox);
  registerWorkerGroups(app, parts, toolbox);
  registerWorkerShutdowns(app, parts, toolbox);
}
