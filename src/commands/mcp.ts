/** `runyard mcp`: the yard's tools for a model's program that speaks MCP over standard input and output. */
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioServerTransport } from "@modelcontextprotocol/server/stdio";
import type { Command } from "commander";
import type { YardFlags } from "../client/find-yard.ts";
import { exitCodes } from "./exit-codes.ts";
import { bridge } from "./mcp/bridge.ts";
import { createYardFetch } from "./mcp/yard-fetch.ts";
import { stoppable } from "./stoppable.ts";
import { addYardOptions, connectToYard } from "./yard-options.ts";

interface McpOptions extends YardFlags {
  session?: string;
}

/** A script of 16 MiB, and what is around it. */
const largestMessageBytes = 17 * 1024 ** 2;

export function define(command: Command): void {
  addYardOptions(command)
    .option("--session <name>", "each script goes on where the last one of this name ended")
    .addHelpText("after", help)
    .action(async (options: McpOptions) => {
      process.exitCode = await serve(options);
    });
}

const help = `
For the configuration of a program that starts MCP servers. The tools are those of the yard's /mcp, as far as the token allows; the yard may be
restarted meanwhile. Ends when standard input is closed.

Example, as most programs have it:
  {"mcpServers": {"runyard": {"command": "runyard", "args": ["mcp", "--session", "notes"]}}}`;

function serve(options: McpOptions): Promise<number> {
  return stoppable(
    async (signal) => {
      const { url } = await connectToYard(options);
      const headers = options.session === undefined ? undefined : { "x-mcp-session-id": options.session };
      const fetch = createYardFetch({ connect: () => connectToYard(options), headers: headers ?? {} });
      const yard = new StreamableHTTPClientTransport(new URL("/mcp", url), { fetch });
      const client = new StdioServerTransport(process.stdin, process.stdout, { maxBufferSize: largestMessageBytes });
      await bridge(client, yard, signal);
      return exitCodes.ok;
    },
    { whenOutputCloses: exitCodes.ok },
  );
}
