/** `POST /yard/v1/refresh`: how a login goes on in a browser. Its pages share their tokens, are reloaded at any moment, and lose replies on bad lines: so a
 *  refresh token that comes again within 30 s gets the answer that it got before. */
import { Type } from "typebox";
import type { Sessions } from "../../../identity/identity.ts";
import type { Trail } from "../../../identity/trail.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { errorReplies } from "../errors.ts";
import { Moment } from "../rows/texts.ts";

const accessTokenMs = 15 * 60_000;

export function registerRefreshRoute(
  app: ApiInstance,
  { refresh }: Pick<Sessions, "refresh">,
  trail: Pick<Trail, "recordSoon">,
): void {
  app.post(
    "/yard/v1/refresh",
    {
      schema: {
        operationId: "refreshLogin",
        summary: "Get the next two tokens of a login",
        description:
          "Of any API's login that gives refresh tokens. The same one may be sent again for 30 s, with the same successor; later it ends the login, also for whoever holds the newest.",
        tags: ["Identity"],
        security: [],
        body: Type.Object({ refreshToken: Type.String({ minLength: 1, maxLength: 200 }) }),
        response: {
          200: Type.Object(
            {
              accessToken: Type.String({ description: "For Authorization: Bearer; good for 15 minutes" }),
              expiresAt: Moment,
              refreshToken: Type.String({ description: "For the next time" }),
            },
            { description: "In place of the two before" },
          ),
          ...errorReplies(400, 401, 503),
        },
      },
    },
    async (request, reply) => {
      const { issued, refreshToken } = await refresh(request.body.refreshToken, { lifetimeMs: accessTokenMs });
      const actor = { userId: issued.user.id, username: issued.user.username };
      trail.recordSoon(request, actor, { action: "session.refresh", target: issued.sessionId, outcome: "done" });
      reply.header("cache-control", "no-store");
      return { accessToken: issued.token, expiresAt: issued.expiresAt, refreshToken };
    },
  );
}
