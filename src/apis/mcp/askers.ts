/** Who calls a tool, and through which request: how the HTTP end tells it to the tools, through the MCP library between them. */
import type { AuthInfo, ServerContext } from "@modelcontextprotocol/server";
import type { Permission } from "../../identity/permissions.ts";
import { mayDo } from "../../identity/principal.ts";
import type { TrailRequest } from "../../identity/trail.ts";
import type { Caller } from "./parts.ts";

export interface Asker {
  readonly caller: Caller;
  readonly request: TrailRequest;
  /** The session of scripts that the client has named. */
  readonly session: string | undefined;
  /** Aborted when nobody waits for the answer any longer. */
  readonly signal: AbortSignal;
}

/** What a program without a token may do, with what is its own. */
const openPermissions: ReadonlySet<Permission> = new Set([
  "scripts.run",
  "scripts.view",
  "snapshots.view",
  "snapshots.write",
]);

export function mayUse({ principal }: Caller, permission: Permission): boolean {
  return principal === undefined ? openPermissions.has(permission) : mayDo(principal, permission);
}

const askers = new WeakMap<AuthInfo, Asker>();

/** What the library hands on with the messages of one request. The token stays here: no tool needs it. */
export function authInfoOf(asker: Asker): AuthInfo {
  const info: AuthInfo = { token: "", clientId: asker.caller.teamId, scopes: [] };
  askers.set(info, asker);
  return info;
}

/** Who sent the message that is being handled; its signal is also aborted when the client takes the message back. */
export function askerOf({ http, mcpReq }: ServerContext): Asker {
  const asker = http?.authInfo === undefined ? undefined : askers.get(http.authInfo);
  if (!asker) throw new Error("this message was let in by nobody");
  return { ...asker, signal: AbortSignal.any([asker.signal, mcpReq.signal]) };
}
