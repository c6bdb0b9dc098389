/** What the APIs' error replies have in common: the statuses that most of them give, the header that says when to try again, and how the replies of
 *  an operation are declared. */
import type { YardError, YardErrorCode } from "../errors.ts";
import type { ApiReply } from "./api.ts";

/** An API that differs overrides it: `{ ...usualStatus, locked: 403 }`. */
export const usualStatus = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  precondition: 412,
  locked: 423,
  too_large: 413,
  too_many: 429,
  timeout: 408,
  interrupted: 503,
  unavailable: 503,
  storage_full: 507,
  internal: 500,
} as const satisfies Record<YardErrorCode, number>;

export const unsupportedMediaType = 415;

/** Where the error knows when it is worth while. */
export function sayWhenToRetry(reply: ApiReply, { retryAfterMs }: YardError): void {
  if (retryAfterMs !== undefined) reply.header("retry-after", String(Math.ceil(retryAfterMs / 1_000)));
}

/** The same reply for each of some statuses, for an operation's schema. */
export function replyFor<const Status extends number, Reply>(
  statuses: readonly Status[],
  reply: Reply,
): Record<Status, Reply> {
  return Object.fromEntries(statuses.map((status) => [status, reply])) as Record<Status, Reply>;
}
