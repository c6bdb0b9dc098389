/** Which tools there are. */
import type { Trail } from "../../../identity/trail.ts";
import type { McpParts } from "../parts.ts";
import type { Tool } from "../tool.ts";
import { appTools } from "./apps.ts";
import { executionTools } from "./executions.ts";
import { heapTools, sessionTools } from "./heaps.ts";
import { labelTools } from "./labels.ts";
import { mergeTool } from "./merge.ts";
import { runJsAndWaitTool, runJsTool } from "./run-js.ts";

export function allTools(parts: McpParts, trail: Trail): readonly Tool[] {
  return [...scriptTools(parts, trail), ...appTools(parts, trail)];
}

function scriptTools(parts: McpParts, trail: Trail): readonly Tool[] {
  const { snapshots, keepHeaps } = parts;
  if (parts.mode === "stateless") return [runJsAndWaitTool({ ...parts, trail })];
  return [
    runJsTool({ ...parts, trail }),
    ...executionTools(parts, trail),
    ...sessionTools(parts),
    ...(keepHeaps ? heapTools(parts, trail) : []),
    ...labelTools(snapshots.labels, trail),
    mergeTool(snapshots),
  ];
}
