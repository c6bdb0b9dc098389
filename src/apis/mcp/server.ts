/** What an MCP client meets: one of the library's servers with our tools and documents. It is made anew for each session, and for each request of
 *  the newer protocol, which has no sessions. */
import { ProtocolError, ProtocolErrorCode, ResourceNotFoundError, Server } from "@modelcontextprotocol/server";
import type { Trail } from "../../identity/trail.ts";
import type { Scripts } from "../../scripts/scripts.ts";
import { askerOf, mayUse } from "./askers.ts";
import type { Document } from "./documents.ts";
import { serveTasks, startTask, type TaskParts, taskCapability } from "./tasks.ts";
import type { Tool } from "./tool.ts";
import { answered, requireRight } from "./tool-result.ts";

export interface Surface {
  readonly version: string;
  /** For the model: how to begin. */
  readonly instructions: string;
  readonly tools: readonly Tool[];
  readonly documents: readonly Document[];
  readonly scripts: Scripts;
  readonly trail: Trail;
}

/** @param era `legacy` is the protocol until 2025, the only one that has tasks */
export function createMcpServer(surface: Surface, era: "legacy" | "modern"): Server {
  const { version, instructions } = surface;
  const tasks = era === "legacy";
  const server = new Server(
    { name: "runyard", title: "Runyard", version },
    { capabilities: { tools: {}, resources: {}, ...(tasks ? { tasks: taskCapability } : {}) }, instructions },
  );
  serveTools(server, surface, tasks);
  serveDocuments(server, surface);
  return server;
}

function serveTools(server: Server, { tools, scripts, trail }: Surface, withTasks: boolean): void {
  server.setRequestHandler("tools/list", (_request, context) => {
    const { caller } = askerOf(context);
    const allowed = tools.filter((tool) => mayUse(caller, tool.needs));
    return { tools: allowed.map((tool) => toolToWire(tool, withTasks)) };
  });
  server.setRequestHandler("tools/call", async ({ params }, context) => {
    const tool = tools.find(({ name }) => name === params.name);
    if (!tool)
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, `There is no tool ${quoted(params.name)}; list them.`);
    const asker = askerOf(context);
    const given = params.arguments ?? {};
    const asTask = withTasks && params.task !== undefined ? taskParts(tool) : undefined;
    if (asTask) return await startTask(asTask, given, asker);
    return await answered(async () => {
      requireRight(asker, tool, trail);
      return await tool.call(given, asker);
    }, asker);
  });

  function taskParts(tool: Tool): TaskParts | undefined {
    return tool.asTask && { scripts, trail, tool: { ...tool, asTask: tool.asTask } };
  }
  const asTask = withTasks ? tools.map(taskParts).find((parts) => parts !== undefined) : undefined;
  if (asTask) serveTasks(server, asTask);
}

function serveDocuments(server: Server, { documents }: Surface): void {
  server.setRequestHandler("resources/list", () => ({
    resources: documents.map(({ uri, name, description, mimeType }) => ({ uri, name, description, mimeType })),
  }));
  server.setRequestHandler("resources/read", async ({ params: { uri } }) => {
    const document = documents.find((candidate) => candidate.uri === uri);
    if (!document) throw new ResourceNotFoundError(uri);
    return { contents: [{ uri, mimeType: document.mimeType, text: await document.read() }] };
  });
}

function toolToWire(tool: Tool, withTasks: boolean) {
  const { name, title, description, input, output, reads = false, destroys = false } = tool;
  return {
    ...{ name, title, description },
    inputSchema: { type: "object", ...input } as const,
    outputSchema: { type: "object", anyOf: [output, failureSchema] } as const,
    annotations: { readOnlyHint: reads, destructiveHint: destroys, openWorldHint: false },
    ...(withTasks && tool.asTask ? { execution: { taskSupport: "optional" } as const } : {}),
  };
}

const failureSchema = { type: "object", required: ["error"], properties: { error: { type: "string" } } } as const;

function quoted(name: string): string {
  return JSON.stringify(name.slice(0, 80));
}
