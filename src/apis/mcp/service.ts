/** The MCP server behind `/mcp`, for both generations of the protocol. The newer one (2026-07-28) has no sessions: each message tells all. Messages
 *  of the older one belong to a session. */
import { createMcpHandler, isLegacyRequest } from "@modelcontextprotocol/server";
import type { Trail } from "../../identity/trail.ts";
import { type Asker, authInfoOf } from "./askers.ts";
import { createDocuments, instructionsFor } from "./documents.ts";
import type { McpParts } from "./parts.ts";
import { createMcpServer } from "./server.ts";
import { createMcpSessions } from "./sessions.ts";
import { allTools } from "./tools/all.ts";

export interface McpService extends AsyncDisposable {
  /** @param body of the request, parsed
   *  @throws {YardError} as `McpSessions.handle` */
  respond(request: Request, body: unknown, asker: Asker): Promise<Response>;
}

const mostSubscriptions = 64;

export function createMcpService(parts: McpParts, trail: Trail): McpService {
  const { version, scripts, clock } = parts;
  const tools = allTools(parts, trail);
  const documents = createDocuments(parts, tools);
  const surface = { version, instructions: instructionsFor(parts), tools, documents, scripts, trail };
  const sessions = createMcpSessions({ clock, createServer: () => createMcpServer(surface, "legacy") });
  const modern = createMcpHandler(() => createMcpServer(surface, "modern"), {
    legacy: "reject",
    maxSubscriptions: mostSubscriptions,
  });

  return {
    async respond(request, body, asker) {
      if (await isLegacyRequest(request, body)) return await sessions.handle(request, body, asker);
      return await modern.fetch(request, { authInfo: authInfoOf(asker), parsedBody: body });
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([sessions[Symbol.asyncDispose](), modern.close()]);
    },
  };
}
