/** `mcp` of scripts: the tools of other MCP servers. A server is connected to when it is first called, for one execution: what it remembers of
 *  a session is never another's. */
import type { Client } from "@modelcontextprotocol/client";
import { Type } from "typebox";
import { Compile } from "typebox/compile";
import type { Resolve } from "../../../platform/http/outgoing/guarded-request.ts";
import { CallError, PolicyDenial, shortened } from "../call-error.ts";
import { allowsTool, type McpPolicy, type McpServer } from "./server-policy.ts";

export interface McpCallsParts {
  /** Asked each time. Undefined: nothing is allowed any more. */
  policy(): McpPolicy | undefined;
  /** What the script could hold of one answer. */
  readonly maxAnswerBytes: number;
  readonly resolve?: Resolve;
}

/** @param operation `listTools` or `callTool`
 *  @param signal aborted when the execution is over: connections end then */
export type CallMcp = (operation: string, args: unknown, signal: AbortSignal) => Promise<{ readonly value: unknown }>;

const ListArguments = Compile(Type.Object({ server: Type.Optional(Type.String()) }));
const CallArguments = Compile(
  Type.Object({
    server: Type.String(),
    tool: Type.String(),
    arguments: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  }),
);

export function createMcpCalls({ policy: currentPolicy, maxAnswerBytes, resolve }: McpCallsParts): CallMcp {
  /** By what the policy says of the server: when that changes, it is another one. */
  const clients = new Map<McpServer, Promise<Client>>();

  async function open(server: McpServer, policy: McpPolicy, signal: AbortSignal): Promise<Client> {
    const maxResponseBytes = Math.min(policy.maxResponseBytes, maxAnswerBytes);
    const { connectToServer } = await library();
    return await connectToServer(server, { maxResponseBytes, resolve, ...optionsOf(policy, signal) });
  }

  /** Connects once for all who ask meanwhile; after a failure again. */
  async function clientOf(server: McpServer, policy: McpPolicy, signal: AbortSignal): Promise<Client> {
    const opening = clients.get(server) ?? open(server, policy, signal);
    clients.set(server, opening);
    try {
      return await opening;
    } catch (error) {
      clients.delete(server);
      throw error;
    }
  }

  async function ask<T>(
    what: string,
    { server, policy, signal }: { server: McpServer; policy: McpPolicy; signal: AbortSignal },
    call: (client: Client) => Promise<T>,
  ): Promise<T> {
    try {
      return await call(await clientOf(server, policy, signal));
    } catch (error) {
      const { callFailure } = await library();
      throw callFailure(what, server.name, error);
    }
  }

  async function listTools(args: unknown, signal: AbortSignal) {
    if (!ListArguments.Check(args)) throw new CallError("mcp.listTools: this is not how it is called");
    const policy = currentPolicy();
    const asked = policy?.servers.filter(({ name }) => args.server === undefined || args.server === name) ?? [];
    if (policy === undefined || (asked.length === 0 && args.server !== undefined))
      throw new PolicyDenial(`mcp.listTools denied by policy: ${shortened(args.server ?? "mcp")} is no server of it`);
    const lists = asked.map((server) =>
      ask("mcp.listTools", { server, policy, signal }, async (client) => {
        const { tools } = await client.listTools(undefined, optionsOf(policy, signal));
        return tools
          .filter(({ name }) => allowsTool(server, name))
          .map(({ name, description, inputSchema }) => ({ server: server.name, name, description, inputSchema }));
      }),
    );
    return { value: (await Promise.all(lists)).flat() };
  }

  async function callTool(args: unknown, signal: AbortSignal) {
    if (!CallArguments.Check(args)) throw new CallError("mcp.callTool: this is not how it is called");
    const { server: name, tool } = args;
    const policy = currentPolicy();
    const server = policy?.servers.find((each) => each.name === name);
    const deny = (reason: string) =>
      new PolicyDenial(`mcp.callTool denied by policy: ${shortened(`${name}.${tool}`)} is not allowed: ${reason}`);
    if (policy === undefined || server === undefined) throw deny("the policy has no such server");
    if (!allowsTool(server, tool)) throw deny(`server "${name}" does not allow this tool`);
    const value = await ask(`mcp.callTool: ${shortened(tool)}`, { server, policy, signal }, (client) =>
      client.callTool({ name: tool, arguments: args.arguments }, optionsOf(policy, signal)),
    );
    return { value };
  }

  return async (operation, args, signal) => {
    if (operation === "listTools") return listTools(args, signal);
    if (operation === "callTool") return callTool(args, signal);
    throw new CallError(`mcp.${operation} does not exist`);
  };
}

/** With the first call: it takes 0.1 s and some 30 MiB, which a yard whose scripts call nobody is spared. */
let loading: Promise<typeof import("./server-client.ts")> | undefined;

function library() {
  loading ??= import("./server-client.ts");
  return loading;
}

function optionsOf({ timeoutMs }: McpPolicy, signal: AbortSignal) {
  return { signal, timeout: timeoutMs, maxTotalTimeout: timeoutMs };
}
