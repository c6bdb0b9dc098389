/** Tokens that speak for another team than one's own. They live in this page alone, and end with the login that they were got by. */
import { errorOf } from "./call-error.ts";
import type { Reply } from "./operations.ts";
import { accessToken, lifetimeMs, session } from "./session.ts";

interface TeamToken {
  readonly token: string;
  /** By this machine's clock, in milliseconds since 1970. */
  readonly renewAt: number;
}

/** A call that is under way must not outlive its token. */
const marginMs = 60_000;
const held = new Map<string, Promise<TeamToken>>();

session.subscribe(() => held.clear()); // somebody else may have signed in

/** @param refused one that the yard no longer takes. @throws {CallError} */
export async function teamToken(teamId: string, refused?: string): Promise<string> {
  const kept = await held.get(teamId)?.catch(() => undefined);
  if (kept && kept.token !== refused && Date.now() < kept.renewAt) return kept.token;
  const next = switchTeam(teamId);
  held.set(teamId, next);
  return (await next).token;
}

async function switchTeam(teamId: string): Promise<TeamToken> {
  const response = await fetch("/v1/auth/switch-team", {
    method: "POST",
    headers: { authorization: `Bearer ${await accessToken()}`, "content-type": "application/json" },
    body: JSON.stringify({ team_id: teamId }),
  });
  if (!response.ok) throw await errorOf(response);
  const { token } = (await response.json()) as Reply<"POST /v1/auth/switch-team">;
  return { token, renewAt: Date.now() + lifetimeMs(token) - marginMs };
}
