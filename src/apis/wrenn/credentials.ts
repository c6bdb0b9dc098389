/** Whom the credential of a request stands for: a key in `X-API-Key`, which decides alone where it is sent, or a token. */
import type { Authenticator } from "../../identity/identity.ts";
import type { Principal } from "../../identity/principal.ts";
import { isYardError, YardError } from "../../platform/errors.ts";
import type { ApiRequest } from "../../platform/http/api.ts";
import { bearerTokenOf } from "../../platform/http/bearer.ts";
import { WireError } from "./errors.ts";

/** What it takes to know who asks. */
export type WithHeaders = Pick<ApiRequest, "headers">;

/** At once for a credential that is remembered. @throws {YardError} unauthenticated; forbidden, for a token of a locked account */
export interface Credentials {
  ofToken(token: string): Principal | Promise<Principal>;
  /** Of a user: a token, or a user's own key, as Bearer. */
  ofUser(request: WithHeaders): Principal | Promise<Principal>;
  /** A team's key too. */
  ofTeam(request: WithHeaders): Principal | Promise<Principal>;
}

export function createCredentials(authenticator: Authenticator): Credentials {
  const ofToken = (token: string) =>
    authenticator.recall(token) ?? authenticator.authenticate(token).catch((error) => refused(token, error));
  const ofUser = (request: WithHeaders) => ofToken(tokenOf(request));

  function ofKey(key: string): Principal | Promise<Principal> {
    const recalled = authenticator.recall(key, { teamKeys: true });
    return recalled ? requireKey(recalled) : authenticator.authenticate(key, { teamKeys: true }).then(requireKey);
  }

  /** Whoever shows a token of a locked account is told so. */
  async function refused(token: string, error: unknown): Promise<never> {
    if (isYardError(error, "unauthenticated") && (await authenticator.isOfLockedUser(token)))
      throw new WireError("forbidden", "account_deactivated", "This account is locked, or deleted.");
    throw error;
  }

  return {
    ofToken,
    ofUser,
    ofTeam(request) {
      const key = headerOf(request, "x-api-key");
      return key === undefined ? ofUser(request) : ofKey(key);
    },
  };
}

function requireKey(principal: Principal): Principal {
  if (principal.credential.kind === "apiKey") return principal;
  throw new YardError("unauthenticated", "X-API-Key holds no API key; send a token as Authorization: Bearer.");
}

/** @throws {YardError} unauthenticated */
function tokenOf({ headers }: WithHeaders): string {
  const token = bearerTokenOf(headers.authorization);
  if (token !== undefined) return token;
  throw new YardError(
    "unauthenticated",
    "A token is needed: log in at /v1/auth/login and send it as Authorization: Bearer.",
  );
}

/** Empty is as good as absent; Node joins what comes twice with commas, which no key and no token has. */
export function headerOf({ headers }: WithHeaders, name: "x-api-key" | "x-host-token"): string | undefined {
  const value = headers[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}
