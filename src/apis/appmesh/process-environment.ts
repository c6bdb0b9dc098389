/** What App Mesh's programs find about themselves in their environment. */
import type { RunVariables } from "../../apps/parts.ts";

export const runVariables: RunVariables = {
  appName: ["APP_MESH_APPLICATION_NAME"],
  secret: ["APP_MESH_PROCESS_KEY"],
  startedSeconds: ["APP_MESH_LAUNCH_TIME"],
};
