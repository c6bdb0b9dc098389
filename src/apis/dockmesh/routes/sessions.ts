/** One's own logins, through whichever API they were made. */
import { Type } from "typebox";
import type { SessionSummary } from "../../../identity/identity.ts";
import type { Principal } from "../../../identity/principal.ts";
import { YardError } from "../../../platform/errors.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { Timestamp, timeToWire } from "../account-words.ts";
import { errorReplies } from "../errors.ts";
import { principalOf } from "../guards.ts";
import type { DockmeshParts } from "../parts.ts";
import { basePath, bearer, Done, Flag, isSet } from "../schemas.ts";
import type { Toolbox } from "../toolbox.ts";

const Session = Type.Object({
  family_id: Type.String(),
  user_agent: Type.Optional(Type.String()),
  ip: Type.Optional(Type.String()),
  created_at: Timestamp,
  expires_at: Timestamp,
  revoked_at: Type.Optional(Timestamp),
  is_current: Type.Boolean({ description: "The one that asks" }),
});

export function registerSessionRoutes(
  app: ApiInstance,
  { identity: { sessions } }: Pick<DockmeshParts, "identity">,
  { guards, trail }: Toolbox,
): void {
  const about = { tags: ["auth"], security: bearer };

  app.get(
    `${basePath}/sessions`,
    {
      onRequest: guards.signedIn(),
      schema: {
        ...about,
        operationId: "auth.sessions_list",
        summary: "List one's own logins, newest first",
        querystring: Type.Object({ include_revoked: Flag }),
        response: { 200: Type.Array(Session), ...errorReplies(401) },
      },
    },
    async (request) => {
      const { userId, sessionId } = requireSession(principalOf(request));
      const own = await sessions.ofUser(userId, { withEnded: isSet(request.query.include_revoked) });
      return own.map((session) => sessionToWire(session, sessionId));
    },
  );

  app.delete(
    `${basePath}/sessions/:family_id`,
    {
      onRequest: guards.signedIn(),
      schema: {
        ...about,
        operationId: "auth.sessions_revoke",
        summary: "End one of one's own logins at once",
        params: Type.Object({ family_id: Type.String() }),
        response: { 204: Done, ...errorReplies(400, 401, 404) },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const { userId } = requireSession(principal);
      const { family_id: sessionId } = request.params;
      await trail.change(request, principal, { action: "auth.session_revoke", target: sessionId }, () =>
        sessions.revoke(sessionId, { ofUser: userId }),
      );
      return reply.code(204).send();
    },
  );
}

/** @throws {YardError} unauthenticated, for whoever comes with an API token */
function requireSession({ userId, credential }: Principal): { userId: string; sessionId: string } {
  if (credential.kind === "token") return { userId, sessionId: credential.sessionId };
  throw new YardError("unauthenticated", "An API token has no sessions: log in, and use the token of that.");
}

function sessionToWire(session: SessionSummary, current: string): Type.Static<typeof Session> {
  return {
    family_id: session.id,
    ...(session.userAgent !== null && { user_agent: session.userAgent }),
    ...(session.remoteAddress !== null && { ip: session.remoteAddress }),
    created_at: timeToWire(session.createdAt),
    expires_at: timeToWire(session.expiresAt),
    ...(session.revokedAt !== null && { revoked_at: timeToWire(session.revokedAt) }),
    is_current: session.id === current,
  };
}
