/** What the agent of another machine asks of the yard: to become one of its hosts, to stay it, and to be connected. */
import { Type } from "typebox";
import type { Trail } from "../../../identity/trail.ts";
import { YardError } from "../../../platform/errors.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { bearerTokenOf } from "../../../platform/http/bearer.ts";
import { credentialLimit } from "../../../platform/http/rate-limit.ts";
import { acceptWebSocket } from "../../../platform/http/websockets.ts";
import { tunnelSocketOptions, tunnelStream } from "../../../platform/tunnel-stream.ts";
import { errorReplies, sendError } from "../errors.ts";
import type { HostAgentParts } from "../parts.ts";

const Credentials = Type.Object(
  {
    hostId: Type.String({ description: "Which host the machine is" }),
    token: Type.String({ description: "Good for seven days" }),
    refreshToken: Type.String({ description: "Good once, for sixty days" }),
  },
  { description: "By what the agent shows from now on who it is" },
);
const secret = { minLength: 1, maxLength: 256 };
const about = { tags: ["Hosts"] };
/** The host's own token, which no other operation takes. */
const hostToken = [{ HostToken: [] }];

export function registerHostAgentRoutes(app: ApiInstance, parts: HostAgentParts, trail: Trail): void {
  const { hosts, loginRate } = parts;

  app.post(
    "/yard/v1/hosts/register",
    {
      ...credentialLimit(loginRate),
      schema: {
        ...about,
        operationId: "registerHost",
        summary: "Become the host that a registration token was made for",
        security: [],
        body: Type.Object({
          token: Type.String({ ...secret, description: "Good once, and used up whatever comes of it" }),
          name: Type.Optional(Type.String({ maxLength: 128, description: "What people call the machine" })),
        }),
        response: { 200: Credentials, ...errorReplies(400, 401, 404, 408, 413, 429) },
      },
    },
    async (request) => {
      const { token, name } = request.body;
      const { host, ...credentials } = await hosts.register(token, { name, address: request.ip });
      await trail.record(request, actorOf(host), { action: "host.register", target: host.id, outcome: "done" });
      return { hostId: host.id, ...credentials };
    },
  );

  app.post(
    "/yard/v1/hosts/refresh",
    {
      ...credentialLimit(loginRate),
      schema: {
        ...about,
        operationId: "refreshHost",
        summary: "Exchange a host's refresh token for the next pair of tokens",
        security: [],
        body: Type.Object({
          refreshToken: Type.String(secret),
          useName: Type.Optional(
            Type.String({
              ...secret,
              description: "Of the agent's making: with the same one it may ask again if the answer was lost",
            }),
          ),
        }),
        response: { 200: Credentials, ...errorReplies(400, 401, 408, 413, 429) },
      },
    },
    async (request) => {
      const { refreshToken, useName } = request.body;
      const { host, ...credentials } = await hosts.refresh(refreshToken, { useName });
      return { hostId: host.id, ...credentials };
    },
  );

  app.get(
    "/yard/v1/hosts/:hostId/tunnel",
    {
      schema: {
        ...about,
        operationId: "openHostTunnel",
        summary: "Connect the agent of a host: a WebSocket that carries HTTP/2, served by the agent",
        security: hostToken,
        params: Type.Object({ hostId: Type.String() }),
        response: {
          101: Type.Unsafe<undefined>({
            type: "null",
            description: "The tunnel. It ends when the agent opens another.",
          }),
          ...errorReplies(400, 401, 403, 410),
        },
      },
    },
    async (request, reply) => {
      const token = bearerTokenOf(request.headers.authorization);
      if (token === undefined)
        throw new YardError("unauthenticated", "A host's token is needed, as Authorization: Bearer.");
      const host = await hosts.authenticate(token).catch((error: unknown) => {
        if (error instanceof YardError && error.code === "not_found") return error;
        throw error;
      });
      // Gone for good, and not merely a path that nobody serves: only then the agent ends what it runs.
      if (host instanceof YardError) return sendError(host, request, reply, 410);
      if (host.id !== request.params.hostId) throw new YardError("forbidden", "The token is another host's.");
      const socket = acceptWebSocket(request, reply, { maxMessageBytes: tunnelSocketOptions.maxPayload });
      if (!socket) return reply;
      await hosts.moor(host.id, await tunnelStream(socket));
      return reply;
    },
  );
}

function actorOf({ id, name }: { id: string; name: string }) {
  return { userId: null, username: `host ${name} (${id})` };
}
