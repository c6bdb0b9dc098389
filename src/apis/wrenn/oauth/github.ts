/** Logins with GitHub, or a server that speaks like it.
 *  @see https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps */
import { type Static, type TSchema, Type } from "typebox";
import { Value } from "typebox/value";
import { YardError } from "../../../platform/errors.ts";
import type { OAuthProvider } from "./provider.ts";

export interface GitHubSettings {
  readonly clientId: string;
  readonly clientSecret: string;
  /** Where users log in, and where it is told who they are: without a slash at their ends. */
  readonly url: string;
  readonly apiUrl: string;
}

const timeoutMs = 10_000;
/** Far more than any of its replies has. */
const mostBytes = 1_024 * 1_024;

const TokenReply = Type.Object({ access_token: Type.String({ minLength: 1 }) });
const UserReply = Type.Object({
  id: Type.Integer({ minimum: 1 }),
  login: Type.String(),
  name: Type.Optional(Type.Union([Type.String(), Type.Null()])),
});
const EmailsReply = Type.Array(
  Type.Object({ email: Type.String(), primary: Type.Boolean(), verified: Type.Boolean() }),
);

export function createGitHub({ clientId, clientSecret, url, apiUrl }: GitHubSettings): OAuthProvider {
  function ask<Reply extends TSchema>(path: string, token: string, schema: Reply): Promise<Static<Reply>> {
    return requestJson(schema, `${apiUrl}${path}`, {
      headers: { accept: "application/vnd.github+json", authorization: `Bearer ${token}`, "user-agent": "runyard" },
    });
  }

  async function exchange(code: string, redirectUri: string): Promise<string> {
    const grant = { client_id: clientId, client_secret: clientSecret, code, redirect_uri: redirectUri };
    const reply = await requestJson(TokenReply, `${url}/login/oauth/access_token`, {
      method: "POST",
      headers: { accept: "application/json", "user-agent": "runyard" },
      body: new URLSearchParams(grant),
    });
    return reply.access_token;
  }

  return {
    name: "github",

    authorizeUrl({ state, redirectUri }) {
      const query = { client_id: clientId, redirect_uri: redirectUri, scope: "user:email", state };
      return `${url}/login/oauth/authorize?${new URLSearchParams(query)}`;
    },

    async profile({ code, redirectUri }) {
      const token = await exchange(code, redirectUri);
      const user = await ask("/user", token, UserReply);
      // The address of the profile is whatever the user has written there; in this list are those that were verified.
      const emails = await ask("/user/emails", token, EmailsReply);
      const email = emails.find(({ primary, verified }) => primary && verified)?.email;
      if (email === undefined) throw noProfile("the user has no verified primary e-mail address there");
      return { id: String(user.id), email: email.toLowerCase(), name: user.name?.trim() || user.login };
    },
  };
}

async function requestJson<Reply extends TSchema>(
  schema: Reply,
  url: string,
  options: RequestInit,
): Promise<Static<Reply>> {
  try {
    const response = await fetch(url, { ...options, redirect: "error", signal: AbortSignal.timeout(timeoutMs) });
    const body: unknown = JSON.parse(await readBounded(response));
    if (response.ok && Value.Check(schema, body)) return body;
    throw noProfile(`${new URL(url).pathname} answered ${response.status} with something else than was asked for`);
  } catch (error) {
    throw error instanceof YardError ? error : noProfile("it cannot be reached, or makes no sense", error);
  }
}

async function readBounded({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    if (bytes > mostBytes) throw noProfile("its reply is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function noProfile(reason: string, cause?: unknown): YardError {
  return new YardError("unavailable", `GitHub does not say who this is: ${reason}.`, { cause });
}
