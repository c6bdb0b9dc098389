/** MCP clients for tests: the protocol's own library, in both of its generations. */
import assert from "node:assert/strict";
import { Client, StreamableHTTPClientTransport, type Transport } from "@modelcontextprotocol/client";
import { until } from "../../src/platform/testing/until.ts";

/** The protocol until 2025, with sessions; and the one since 2026, without. */
export const generations = ["legacy", "modern"] as const;
export type Generation = (typeof generations)[number];

export interface McpClient extends AsyncDisposable {
  readonly client: Client;
  /** Calls a tool, and reads the one text that every answer is. */
  call(tool: string, given?: Record<string, unknown>): Promise<Record<string, unknown>>;
  /** Runs a script to its end. @returns what get_execution says then */
  run(code: string, given?: Record<string, unknown>): Promise<Record<string, unknown>>;
}

export interface Connecting {
  readonly generation?: Generation;
  readonly token?: string;
  /** The session of scripts. */
  readonly session?: string;
}

export async function connectMcp(url: string, { generation, token, session }: Connecting = {}): Promise<McpClient> {
  const headers: Record<string, string> = {};
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  if (session !== undefined) headers["x-mcp-session-id"] = session;
  return await connectMcpThrough(
    new StreamableHTTPClientTransport(new URL("/mcp", url), { requestInit: { headers } }),
    generation,
  );
}

export async function connectMcpThrough(transport: Transport, generation: Generation = "legacy"): Promise<McpClient> {
  const mode = generation === "legacy" ? "legacy" : ({ pin: "2026-07-28" } as const);
  const client = new Client({ name: "test", version: "1" }, { versionNegotiation: { mode } });
  await client.connect(transport);
  await client.listTools(); // from now on the library checks every answer against its tool's schema

  const call: McpClient["call"] = async (name, given) => {
    const { content, structuredContent, isError } = await client.callTool({ name, arguments: given });
    const [block, ...others] = content;
    assert.ok(block?.type === "text" && others.length === 0, "an answer is one text");
    assert.notEqual(isError, true);
    const said: Record<string, unknown> = JSON.parse(block.text);
    assert.deepEqual(structuredContent, said);
    assert.equal(block.text, JSON.stringify(said), "its JSON is compact");
    return said;
  };
  return {
    client,
    call,
    async run(code, given) {
      const { execution_id } = await call("run_js", { code, ...given });
      return await until(
        async () => {
          const execution = await call("get_execution", { execution_id });
          return execution.status === "running" ? undefined : execution;
        },
        { what: "the script has ended", timeoutMs: 30_000 },
      );
    },
    [Symbol.asyncDispose]: () => client.close(),
  };
}
