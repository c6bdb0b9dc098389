/** App Mesh's token reply and the lifetimes that clients ask for. */
import type { IssuedToken } from "../../identity/identity.ts";
import { YardError } from "../../platform/errors.ts";
import { quirks, type Reading } from "./quirks.ts";
import type { TokenReply } from "./schemas.ts";
import { epochSeconds } from "./times.ts";

const longestLifetimeSeconds = 365 * 86_400;

/** Milliseconds of an `X-Expire-Seconds` header; none, empty or 0 is the reading's default. */
export function lifetimeMsOf(header: string | number | undefined, reading: Reading): number {
  const text = String(header ?? "").trim();
  if (!/^\d*$/.test(text))
    throw new YardError("invalid", "must be whole seconds, not negative", { field: "X-Expire-Seconds" });
  const seconds = Number(text) || quirks.defaultTokenSeconds[reading];
  return Math.min(seconds, longestLifetimeSeconds) * 1_000;
}

export function tokenReply(issued: IssuedToken, nowMs: number): TokenReply {
  const seconds = Math.max(0, Math.floor((issued.expiresAt - nowMs) / 1_000));
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
