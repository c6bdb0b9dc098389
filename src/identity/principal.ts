/** Who asks: what every API hands to the domains after it has authenticated a request. */
import type { Permission } from "./permissions.ts";

export interface Principal {
  readonly userId: string;
  readonly username: string;
  /** Names of the teams the user is a member of, with the role held there. */
  readonly teams: ReadonlyMap<string, "owner" | "admin" | "member" | "viewer">;
  readonly roles: readonly string[];
  /** What the roles grant, narrowed by the API key where one was used. */
  readonly permissions: ReadonlySet<string>;
  /** Holds every permission there is. */
  readonly isAdmin: boolean;
  readonly credential:
    | {
        readonly kind: "token";
        readonly sessionId: string;
        readonly audience: string;
        readonly expiresAt: number;
        readonly issuedAt: number;
      }
    | { readonly kind: "apiKey"; readonly keyId: string };
}

export function mayDo(principal: Principal, permission: Permission | (string & {})): boolean {
  return principal.isAdmin || principal.permissions.has(permission);
}
