/** Logins here: how long what they give lasts, and how it is handed out. */
import { Type } from "typebox";
import type { Identity, IssuedToken, IssueOptions, User } from "../../identity/identity.ts";
import type { ApiReply, ApiRequest } from "../../platform/http/api.ts";
import { scopeToWire, userToWire, WireUser } from "./account-words.ts";
import { shownRole } from "./role-words.ts";

/** In milliseconds. */
export interface SessionLimits {
  /** From a login to its end, whatever happens in between. */
  readonly lifetimeMs: number;
  /** How long a login may go without a refresh; 0: until its end. */
  readonly idleMs: number;
  /** The same as `lifetimeMs` for a login that is to be remembered; it may be idle all the time. */
  readonly rememberedMs: number;
}

const accessTokenMs = 15 * 60_000;
const challengeMs = 5 * 60_000;

export const LoginResult = Type.Object({
  access_token: Type.Optional(Type.String({ description: "For Authorization: Bearer; good for 15 minutes" })),
  refresh_token: Type.Optional(Type.String({ description: "Good once, for the next two tokens" })),
  user: Type.Optional(WireUser),
  mfa_required: Type.Optional(
    Type.Boolean({ description: "A code is due, at POST /auth/mfa; there are no tokens yet" }),
  ),
  mfa_token: Type.Optional(Type.String({ description: "What to send with the code, within 5 minutes" })),
});

export interface SignIn {
  /** For a login that the request asks for. @param options.remember for how long it is to last */
  optionsFor(request: ApiRequest, options?: { remember?: boolean }): IssueOptions;
  /** What a token of an earlier login is replaced with. */
  readonly renewal: Required<Pick<IssueOptions, "lifetimeMs" | "describe">>;
  toWire(
    reply: ApiReply,
    issued: IssuedToken,
    refreshToken: string | undefined,
  ): Promise<Type.Static<typeof LoginResult>>;
}

export function createSignIn({ roles }: Pick<Identity, "roles">, limits: SessionLimits): SignIn {
  /** What clients read in a token; nobody here believes it. */
  const describe = async (user: User) => ({
    shown: { role: shownRole(user.roles, await roles.list()), ...scopeToWire(user.hostTags) },
  });
  const renewal = { lifetimeMs: accessTokenMs, describe };

  return {
    renewal,

    optionsFor(request, { remember = false } = {}) {
      const usual = { lifetimeMs: limits.lifetimeMs, idleMs: limits.idleMs || undefined };
      return {
        ...renewal,
        api: "dockmesh",
        remoteAddress: request.ip,
        userAgent: request.headers["user-agent"],
        refresh: remember ? { lifetimeMs: limits.rememberedMs } : usual,
        challengeMs,
        locksStrangers: false,
      };
    },

    async toWire(reply, issued, refreshToken) {
      reply.header("cache-control", "no-store");
      return {
        access_token: issued.token,
        refresh_token: refreshToken,
        user: userToWire(issued.user, await roles.list()),
      };
    },
  };
}
