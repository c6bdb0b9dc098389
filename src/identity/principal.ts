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
  /** Held to hosts that have one of these tags; absent or empty: to none. Administrators are, too. */
  readonly hostTags?: readonly string[];
  /** Holds every permission there is. */
  readonly isAdmin: boolean;
  readonly credential:
    | {
        readonly kind: "token";
        readonly sessionId: string;
        readonly audience: string;
        readonly expiresAt: number;
        readonly issuedAt: number;
        /** The team that the token was asked for. Whether the user is still in it is told by `teams`. */
        readonly teamId?: string;
      }
    | {
        readonly kind: "apiKey";
        readonly keyId: string;
        readonly name: string;
        /** What it is called where keys have numbers. */
        readonly number: number;
        /** It grants at most what this role does. */
        readonly roleName?: string;
        /** A team's key speaks for that team alone. */
        readonly teamId?: string;
      };
}

export function mayDo(principal: Principal, permission: Permission | (string & {})): boolean {
  return principal.isAdmin || principal.permissions.has(permission);
}
