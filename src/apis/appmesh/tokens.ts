/** App Mesh's token reply, what clients ask of a token in headers, and the cookies that carry it. */
import { Type } from "typebox";
import type { IssuedToken } from "../../identity/identity.ts";
import { YardError } from "../../platform/errors.ts";
import type { ApiReply } from "../../platform/http/api.ts";
import type { CookieSessions } from "./cookies.ts";
import { quirks, type Reading } from "./quirks.ts";
import type { TokenReply } from "./schemas.ts";
import { epochSeconds } from "./times.ts";

const longestLifetimeSeconds = 365 * 86_400;

export const ExpireSeconds = Type.Optional(
  Type.Unsafe<string | number>({
    type: ["integer", "string"],
    description: "Lifetime of the token in seconds; none or 0: the default",
  }),
);
export const SetCookie = Type.Optional(
  Type.Unsafe<string | boolean>({
    type: ["boolean", "string"],
    description: "true or 1: the token comes as a pair of cookies too",
  }),
);
const secretReply = { "cache-control": "no-store", pragma: "no-cache" };

/** Milliseconds that were asked for; none, empty or 0 is undefined. @throws {YardError} invalid */
export function lifetimeAsked(seconds: string | number | null | undefined, field: string): number | undefined {
  const text = String(seconds ?? "").trim();
  if (!/^\d*$/.test(text)) throw new YardError("invalid", "must be whole seconds, not negative", { field });
  return Math.min(Number(text), longestLifetimeSeconds) * 1_000 || undefined;
}

/** Milliseconds of an `X-Expire-Seconds` header, or the reading's default. */
export function lifetimeMsOf(header: string | number | undefined, reading: Reading): number {
  return lifetimeAsked(header, "X-Expire-Seconds") ?? quirks.defaultTokenSeconds[reading] * 1_000;
}

/** Makes the reply to whoever gets a token, which no cache may keep. */
export type ReplyWithToken = (reply: ApiReply, issued: IssuedToken, options: { asCookies: boolean }) => TokenReply;

export function createTokenReply(cookies: CookieSessions): ReplyWithToken {
  return (reply, issued, { asCookies }) => {
    const body = tokenReply(issued);
    if (asCookies) cookies.set(reply, issued.token, body.expire_seconds);
    reply.headers(secretReply);
    return body;
  };
}

function tokenReply(issued: IssuedToken): TokenReply {
  // Counted from when it was issued: by now some milliseconds have passed, and the 600 that were asked for would read 599.
  const seconds = Math.max(0, Math.floor((issued.expiresAt - issued.issuedAt) / 1_000));
  return {
    access_token: issued.token,
    token_type: "Bearer",
    expire_seconds: seconds,
    expires_in: seconds,
    expire_time: epochSeconds(issued.expiresAt),
    issued_at: epochSeconds(issued.issuedAt),
    profile: { name: issued.user.username, group: groupOf(issued.user), auth_time: epochSeconds(issued.issuedAt) },
  };
}

/** A user's group is the first team joined besides the personal one, or else that. */
export function groupOf(user: { readonly teams: readonly string[] }): string {
  return user.teams[1] ?? user.teams[0] ?? "";
}
