/** Sessions of the protocol as it was until 2025: made by `initialize`, named by a header of every request after it. Each is its maker's alone, and
 *  holds nothing but the connection's own state: scripts, memories and files do not depend on it. Bounded in number and idle time; a client
 *  whose session is gone is told so, and initialises anew. */
import { randomUUID } from "node:crypto";
import {
  isInitializeRequest,
  type Server,
  WebStandardStreamableHTTPServerTransport,
} from "@modelcontextprotocol/server";
import type { Clock } from "../../platform/clock.ts";
import { YardError } from "../../platform/errors.ts";
import { type Asker, authInfoOf } from "./askers.ts";

export interface McpSessions extends AsyncDisposable {
  /** Hands a request to its session; `initialize` makes one.
   *  @throws {YardError} not_found, for a session that is not there or is another's; invalid, for a request without one */
  handle(request: Request, body: unknown, asker: Asker): Promise<Response>;
}

export interface McpSessionsParts {
  readonly clock: Clock;
  createServer(): Server;
  readonly bounds?: { readonly idleMs: number; readonly perOwner: number; readonly all: number };
}

interface Session {
  readonly owner: string;
  readonly transport: WebStandardStreamableHTTPServerTransport;
  /** The session of scripts that `initialize` has named. */
  readonly scripts: string | undefined;
  usedAt: number;
}

/** Nobody waits an hour for an answer, so what is idle works on nothing. */
const usualBounds = { idleMs: 3_600_000, perOwner: 100, all: 1_000 };

export function createMcpSessions({ clock, createServer, bounds = usualBounds }: McpSessionsParts): McpSessions {
  /** The one used last is the last. */
  const sessions = new Map<string, Session>();

  function makeRoomFor(owner: string): void {
    const idleSince = clock.monotonic() - bounds.idleMs;
    const close = (session: Session) => void session.transport.close();
    for (const session of sessions.values()) if (session.usedAt < idleSince) close(session);
    const own = [...sessions.values()].filter((session) => session.owner === owner);
    for (const session of own.slice(0, Math.max(0, own.length - bounds.perOwner + 1))) close(session);
    if (sessions.size >= bounds.all)
      throw new YardError("too_many", `There are ${bounds.all} MCP sessions already; end some.`, {
        retryAfterMs: 60_000,
      });
  }

  async function open(asker: Asker): Promise<Session> {
    const owner = asker.caller.teamId;
    makeRoomFor(owner);
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void sessions.set(id, session),
    });
    const session: Session = { owner, transport, scripts: asker.session, usedAt: clock.monotonic() };
    const server = createServer();
    server.onclose = () => void sessions.delete(transport.sessionId ?? "");
    await server.connect(transport);
    return session;
  }

  function find(id: string, owner: string): Session {
    const session = sessions.get(id);
    if (session?.owner !== owner)
      throw new YardError("not_found", "There is no such session: initialise a new one.", { field: "Mcp-Session-Id" });
    sessions.delete(id);
    sessions.set(id, session);
    return session;
  }

  return {
    async handle(request, body, asker) {
      const id = request.headers.get("mcp-session-id");
      if (id === null && !isInitializeRequest(body))
        throw new YardError("invalid", "The header is required, but for initialize.", { field: "Mcp-Session-Id" });
      const session = id === null ? await open(asker) : find(id, asker.caller.teamId);
      const authInfo = authInfoOf({ ...asker, session: asker.session ?? session.scripts });
      session.usedAt = clock.monotonic();
      try {
        return await session.transport.handleRequest(request, { authInfo, parsedBody: body });
      } finally {
        if (session.transport.sessionId === undefined) await session.transport.close(); // it was no good beginning
      }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...sessions.values()].map(({ transport }) => transport.close()));
    },
  };
}
