/** `mcp`: the tools of other servers, through the host. It exists only where the host would answer it. */
import type { GuestCalls } from "./calls.ts";

export interface GuestMcp {
  readonly mcp: object;
  readonly McpToolError: unknown;
  /** @param granted the host's capabilities; `mcp:weather` is the server weather */
  begin(granted: readonly string[]): void;
}

export function createMcp({ call }: GuestCalls): GuestMcp {
  const prefix = "mcp:";
  let servers: readonly string[] = [];

  /** A tool ran, and says that it failed. */
  class McpToolError extends Error {
    readonly result: unknown;
    readonly serverName: string;
    readonly toolName: string;
    constructor(serverName: string, toolName: string, result: unknown) {
      const [first] = (result as { content?: { text?: unknown }[] }).content ?? [];
      super(`${serverName}.${toolName}: ${typeof first?.text === "string" ? first.text : "the tool has failed"}`);
      this.name = "McpToolError";
      this.result = result;
      this.serverName = serverName;
      this.toolName = toolName;
    }
  }

  const mcp = {
    get servers() {
      return [...servers];
    },
    async listTools(server?: unknown) {
      return (await call("mcp.listTools", { server: server === undefined ? undefined : String(server) })).value;
    },
    async callTool(server: unknown, tool: unknown, args: unknown = {}) {
      const [serverName, toolName] = [String(server), String(tool)];
      const { value } = await call("mcp.callTool", { server: serverName, tool: toolName, arguments: args ?? {} });
      if ((value as { isError?: boolean }).isError === true) throw new McpToolError(serverName, toolName, value);
      return value;
    },
  };

  return {
    mcp,
    McpToolError,
    begin(granted) {
      servers = granted.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
    },
  };
}
