/** Who opens a WebSocket: the holder of a ticket, as browsers send no headers with such a request, or of a token. Nothing that a browser sends by itself
 *  counts, so it does not matter whose page it is that asks. */
import type { onRequestHookHandler } from "fastify";
import { createAdmission } from "../../../identity/admission.ts";
import type { Authenticator } from "../../../identity/identity.ts";
import type { Principal } from "../../../identity/principal.ts";
import { YardError } from "../../../platform/errors.ts";
import type { ApiRequest } from "../../../platform/http/api.ts";
import { bearerTokenOf } from "../../../platform/http/bearer.ts";
import { checkHook } from "../../../platform/http/check-hook.ts";
import type { Guards } from "../guards.ts";
import type { WirePermission } from "../permissions.ts";

export interface SocketGuardParts {
  readonly authenticator: Pick<Authenticator, "authenticate">;
  /** Whose it is; it is good once. @throws {YardError} unauthenticated */
  redeem(ticket: string): Promise<Principal>;
  readonly guards: Pick<Guards, "require">;
}

export type SocketGuard = (permission: WirePermission) => onRequestHookHandler;

export function createSocketGuard({ authenticator, redeem, guards }: SocketGuardParts): SocketGuard {
  const admission = createAdmission<ApiRequest>({
    async authenticate({ query, headers, ip }) {
      const ticket = ticketIn(query);
      if (ticket !== undefined) return redeem(ticket);
      const credential = bearerTokenOf(headers.authorization);
      if (credential !== undefined) return authenticator.authenticate(credential, { remoteAddress: ip });
      throw new YardError("unauthenticated", "Sign in: a ticket of POST /ws/ticket is needed, as ?ticket=.");
    },
    refuse: (_request, { username }) => new YardError("forbidden", `${username} may not do this.`),
  });
  return (permission) =>
    checkHook(async (request) => {
      await admission.admit(request);
      guards.require(request, permission);
    });
}

function ticketIn(query: unknown): string | undefined {
  if (typeof query !== "object" || query === null || !("ticket" in query)) return undefined;
  return String(query.ticket);
}
