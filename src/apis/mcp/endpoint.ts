/** `/mcp`: Streamable HTTP. The server has nothing to tell by itself, so there is no stream to be opened with GET. */
import type { ApiInstance, ApiReply, ApiRequest } from "../../platform/http/api.ts";
import { checkHook } from "../../platform/http/check-hook.ts";
import { requestSignal } from "../../platform/http/request-signal.ts";
import type { HostCheck } from "./host-check.ts";
import type { Caller, McpParts } from "./parts.ts";
import type { McpService } from "./service.ts";

export interface EndpointParts {
  readonly checkHost: HostCheck;
  readonly identify: McpParts["identify"];
  service(): Promise<McpService>;
}

/** A script of 16 MiB, and what is around it. */
const largestMessageBytes = 17 * 1024 ** 2;

export function registerEndpoint(app: ApiInstance, { checkHost, identify, service }: EndpointParts): void {
  const callers = new WeakMap<ApiRequest, Caller>();
  const letIn = checkHook((request) => {
    checkHost(request);
    const caller = identify(request);
    if (caller instanceof Promise) return caller.then((found) => void callers.set(request, found));
    callers.set(request, caller);
  });
  const about = {
    onRequest: letIn,
    schema: { hide: true },
    config: { undocumented: "it speaks JSON-RPC, whose messages the protocol describes, and tools/list the tools" },
  };

  async function answer(request: ApiRequest, reply: ApiReply): Promise<ApiReply> {
    const caller = callers.get(request);
    if (!caller) throw new Error("this request was let in by nobody");
    const asker = { caller, request, session: sessionNamedBy(request), signal: requestSignal(reply) };
    const { respond } = await service();
    return reply.send(await respond(asWebRequest(request, asker.signal), request.body, asker));
  }

  app.post("/mcp", { ...about, bodyLimit: largestMessageBytes }, answer);
  app.delete("/mcp", about, answer);
  app.get("/mcp", about, (_request, reply) => reply.code(405).header("allow", "POST, DELETE").send(nothingToTell));
}

const nothingToTell = {
  jsonrpc: "2.0",
  error: { code: -32_000, message: "Nothing is told here without being asked." },
  id: null,
};

/** Without its body, which is parsed already. */
function asWebRequest({ method, url, headers: given }: ApiRequest, signal: AbortSignal): Request {
  const headers = new Headers();
  for (const [name, value] of Object.entries(given)) if (typeof value === "string") headers.set(name, value);
  return new Request(new URL(url, "http://yard"), { method, headers, signal });
}

function sessionNamedBy({ headers }: ApiRequest): string | undefined {
  const name = headers["x-mcp-session-id"];
  return typeof name === "string" && name !== "" ? name : undefined;
}
