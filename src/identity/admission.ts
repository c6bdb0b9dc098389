/** The door of every API: who asks, whether they may, and who it was for whatever answers the request. Knows no HTTP: a request is any
 *  object, and each API says how it finds credentials in it and how it words a refusal. */
import { mayDo, type Principal } from "./principal.ts";

export interface AdmissionParts<Request extends object> {
  /** At once for a credential that is remembered: most requests then wait for nothing. @throws {YardError} unauthenticated */
  authenticate(request: Request): Principal | Promise<Principal>;
  /** The error for somebody who lacks a permission. */
  refuse(request: Request, principal: Principal, permission: string): Error;
}

export interface Admission<Request extends object> {
  /** Lets a request in, whose principal `principalOf` tells from then on; undefined if that is done already.
   *  @throws {YardError} unauthenticated, and what `refuse` makes of a missing permission */
  admit(request: Request, permission?: string): Promise<void> | undefined;
  /** For a request that is in, where the answer depends on more than its route. @throws what `refuse` makes of it */
  require(request: Request, permission: string): void;
}

const principalKey = Symbol("principal");

interface Admitted {
  [principalKey]?: Principal;
}

/** Who sent a request that was let in. */
export function principalOf(request: object): Principal {
  const principal = (request as Admitted)[principalKey];
  if (!principal) throw new Error("this request was let in by nobody: its route has no guard");
  return principal;
}

export function createAdmission<Request extends object>(parts: AdmissionParts<Request>): Admission<Request> {
  const { authenticate, refuse } = parts;

  function require(request: Request, permission: string): void {
    const principal = principalOf(request);
    if (!mayDo(principal, permission)) throw refuse(request, principal, permission);
  }

  function letIn(request: Request, principal: Principal, permission: string | undefined): void {
    (request as Admitted)[principalKey] = principal;
    if (permission !== undefined) require(request, permission);
  }

  return {
    admit(request, permission) {
      const principal = authenticate(request);
      if (principal instanceof Promise) return principal.then((verified) => letIn(request, verified, permission));
      letIn(request, principal, permission);
    },
    require,
  };
}
