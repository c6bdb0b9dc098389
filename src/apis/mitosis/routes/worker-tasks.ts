/** `/workers/tasks`: tasks as workers take them, look at them and report on them. */
import type { ApiInstance } from "../../../platform/http/api.ts";
import type { MitosisParts } from "../parts.ts";
import type { Toolbox } from "../toolbox.ts";
import { registerWorkerFetch } from "./worker-tasks-fetch.ts";
import { registerWorkerFiles } from "./worker-tasks-files.ts";
import { registerWorkerOutput } from "./worker-tasks-output.ts";
import { registerReports } from "./worker-tasks-report.ts";

export function registerWorkerTaskRoutes(app: ApiInstance, parts: MitosisParts, toolbox: Toolbox): void {
  registerWorkerFetch(app, parts, toolbox);
  registerReports(app, parts, toolbox);
  registerWorkerFiles(app, parts, toolbox);
  registerWorkerOutput(app, parts, toolbox);
}
