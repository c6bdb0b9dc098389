/** The MCP servers that a policy has for scripts, and which of their tools may be called. */
import type { FetchRule } from "../fetch-policy.ts";
import { matchesText, type TextPattern } from "../text-pattern.ts";

export interface McpServer extends Pick<FetchRule, "hosts" | "networks"> {
  /** As scripts call it. */
  readonly name: string;
  /** Of its Streamable HTTP endpoint. */
  readonly url: URL;
  /** Sent with every request: its credentials. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly tools: readonly TextPattern[];
}

export interface McpPolicy {
  readonly servers: readonly McpServer[];
  /** Of one call, with connecting. */
  readonly timeoutMs: number;
  readonly maxResponseBytes: number;
}

export function allowsTool({ tools }: McpServer, tool: string): boolean {
  return tools.some((pattern) => matchesText(pattern, tool));
}
