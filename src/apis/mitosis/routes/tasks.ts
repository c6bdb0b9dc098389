/** `/tasks`: all that users do with tasks, but for their artifacts. */
import type { ApiInstance } from "../../../platform/http/api.ts";
import type { MitosisParts } from "../parts.ts";
import type { Toolbox } from "../toolbox.ts";
import { registerTaskBatch } from "./tasks-batch.ts";
import { registerTaskCancels } from "./tasks-cancel.ts";
import { registerTaskChanges } from "./tasks-change.ts";
import { registerTaskQueries } from "./tasks-query.ts";
import { registerTaskSubmit } from "./tasks-submit.ts";

export function registerTaskRoutes(app: ApiInstance, parts: MitosisParts, toolbox: Toolbox): void {
  registerTaskSubmit(app, parts, toolbox);
  registerTaskBatch(app, parts, toolbox);
  registerTaskQueries(app, parts, toolbox);
  registerTaskChanges(app, parts, toolbox);
  registerTaskCancels(app, parts, toolbox);
}
