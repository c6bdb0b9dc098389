/** How the yard's errors look to App Mesh's clients: `{"message": …}`, with the statuses of the contract's section 1.3. */
import type { FastifyReply } from "fastify";
import type { YardError, YardErrorCode } from "../../platform/errors.ts";

/** A missing permission is 400 on every operation but `/appmesh/auth`: so the clients know it, and the document lists 403 nowhere else.
 *  A locked account is 401, in words that do not tell it from a wrong password. */
export const statusOf = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 400,
  not_found: 404,
  conflict: 412,
  precondition: 412,
  locked: 401,
  too_large: 413,
  too_many: 429,
  timeout: 408,
  interrupted: 417,
  unavailable: 503,
  storage_full: 507,
  internal: 500,
} as const satisfies Record<YardErrorCode, number>;

export function sendWireError(error: YardError, reply: FastifyReply): FastifyReply {
  if (error.retryAfterMs !== undefined) reply.header("retry-after", String(Math.ceil(error.retryAfterMs / 1_000)));
  const message = error.field ? `${error.field}: ${error.message}` : error.message;
  return reply.code(statusOf[error.code]).send({ message });
}
