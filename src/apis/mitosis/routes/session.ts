/** Logging in with the MD5 of a password, and whom a token is of. */
import { Type } from "typebox";
import { YardError } from "../../../platform/errors.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { credentialLimit } from "../../../platform/http/rate-limit.ts";
import { principalOf, tokenToWire } from "../callers.ts";
import { bodyStatuses, errorReplies } from "../errors.ts";
import type { MitosisParts } from "../parts.ts";
import { Digest, digestFromWire, maybe, TokenReply, userSecurity } from "../schemas.ts";
import type { Toolbox } from "../toolbox.ts";

const tags = ["Authentication"];

const LoginRequest = Type.Object({
  username: Type.String(),
  md5_password: Digest,
  retain: maybe(Type.Boolean({ description: "Keep the user's earlier logins through this API; without it they end" })),
});

export function registerSessionRoutes(
  app: ApiInstance,
  { identity: { sessions }, loginRate }: Pick<MitosisParts, "identity" | "loginRate">,
  { guards, trail, readingOf }: Toolbox,
): void {
  app.post(
    "/login",
    {
      ...credentialLimit(loginRate),
      schema: {
        operationId: "userLogin",
        summary: "Log in",
        description: "After a few wrong passwords the account is locked for a while: 403, also for the right one.",
        tags,
        security: [],
        headers: Type.Object({
          "x-totp-code": Type.Optional(
            Type.String({ description: "Six digits, of users whose login asks for a second step" }),
          ),
        }),
        body: LoginRequest,
        response: { 200: TokenReply, ...errorReplies(...bodyStatuses, 401, 403, 429) },
      },
    },
    async (request, reply) => {
      const { username, md5_password, retain } = request.body;
      const totpCode = request.headers["x-totp-code"] || undefined;
      const login = await sessions.login(
        { username, digest: digestFromWire(md5_password), totpCode },
        { api: "mitosis", remoteAddress: request.ip, endsOthers: retain !== true, inOneStep: true },
      );
      if (login.kind !== "session") throw new YardError("internal", "a login in one step asked for a second one");
      const { user, sessionId, token } = login.issued;
      const actor = { userId: user.id, username: user.username };
      await trail.record(request, actor, { action: "session.start", target: sessionId, outcome: "done" });
      reply.header("cache-control", "no-store");
      return { token: tokenToWire(token, readingOf(request)) };
    },
  );

  app.get(
    "/auth",
    {
      onRequest: guards.user(),
      schema: {
        operationId: "userAuth",
        summary: "Tell whose token this is",
        tags,
        security: userSecurity,
        response: {
          200: {
            description: "The user's name",
            content: { "text/plain": { schema: Type.String() } },
          },
          ...errorReplies(401, 403),
        },
      },
    },
    (request, reply) => {
      reply.type("text/plain; charset=utf-8");
      return principalOf(request).username;
    },
  );
}
