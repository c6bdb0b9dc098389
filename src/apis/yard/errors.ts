/** Errors as the yard's own API shows them. */
import { Type } from "typebox";
import type { YardError, YardErrorCode } from "../../platform/errors.ts";
import { yardErrorCodes } from "../../platform/errors.ts";
import type { ApiReply, ApiRequest } from "../../platform/http/api.ts";

export const statusOf = {
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

const ErrorReply = Type.Object(
  {
    error: Type.Object({
      code: Type.Enum([...yardErrorCodes]),
      message: Type.String({ description: "What failed, and what to do" }),
      field: Type.Optional(Type.String({ description: "The input at fault" })),
      requestId: Type.String({ description: "Names the request in the server's log" }),
    }),
  },
  { description: "What went wrong" },
);

/** The error statuses of an operation, for its schema. Every operation may also fail with 500. */
export function errorReplies<const Status extends number>(
  ...statuses: readonly Status[]
): Record<Status | 500, typeof ErrorReply> {
  return Object.fromEntries([...statuses, 500].map((status) => [status, ErrorReply])) as Record<
    Status | 500,
    typeof ErrorReply
  >;
}

export function sendError(error: YardError, request: ApiRequest, reply: ApiReply): ApiReply {
  if (error.retryAfterMs !== undefined) reply.header("retry-after", String(Math.ceil(error.retryAfterMs / 1_000)));
  if (error.code === "unauthenticated") reply.header("www-authenticate", "Bearer");
  const { code, message, field } = error;
  return reply.code(statusOf[code]).send({ error: { code, message, field, requestId: request.id } });
}
