/** How the yard's errors look to App Mesh's clients: `{"message": …}`, with the statuses of the contract's section 1.3. */
import type { FastifyReply } from "fastify";
import type { YardError } from "../../platform/errors.ts";
import { sayWhenToRetry, usualStatus } from "../../platform/http/statuses.ts";

/** A missing permission is 400 on every operation but `/appmesh/auth`: so the clients know it, and the document lists 403 nowhere else.
 *  A locked account is 401, in words that do not tell it from a wrong password. */
export const statusOf = { ...usualStatus, forbidden: 400, conflict: 412, locked: 401, interrupted: 417 } as const;

export function sendWireError(error: YardError, reply: FastifyReply): FastifyReply {
  sayWhenToRetry(reply, error);
  const message = error.field ? `${error.field}: ${error.message}` : error.message;
  return reply.code(statusOf[error.code]).send({ message });
}
