/** The audit trail of what comes through App Mesh's API. */
import type { Audit, AuditEntry } from "../../identity/identity.ts";
import type { Principal } from "../../identity/principal.ts";
import type { ApiRequest } from "../../platform/http/api.ts";
import type { AppMeshParts } from "./parts.ts";

type What = Pick<AuditEntry, "action" | "target" | "outcome" | "details">;
type Actor = Pick<Principal, "userId" | "username">;

export interface Trail {
  /** Of what is about to be done: it is not, if this cannot be saved. */
  intend(request: ApiRequest, actor: Actor, what: What): Promise<void>;
  /** Of what was done, or refused: saved also on a full disk. A change is acknowledged only after it. */
  record(request: ApiRequest, actor: Actor, what: What): Promise<void>;
}

export function createTrail(audit: Audit, essential: AppMeshParts["essential"]): Trail {
  const save: Trail["intend"] = (request, actor, what) =>
    audit.record({
      ...what,
      actor: { id: actor.userId, name: actor.username },
      api: "appmesh",
      remoteAddress: request.ip,
      requestId: request.id,
    });
  return {
    intend: save,
    record: (request, actor, what) => essential(() => save(request, actor, what)),
  };
}
