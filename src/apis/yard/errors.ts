/** Errors as the yard's own API shows them. */
import { Type } from "typebox";
import type { YardError } from "../../platform/errors.ts";
import { yardErrorCodes } from "../../platform/errors.ts";
import type { ApiReply, ApiRequest } from "../../platform/http/api.ts";
import { replyFor, sayWhenToRetry, usualStatus } from "../../platform/http/statuses.ts";

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
  return replyFor([...statuses, 500], ErrorReply);
}

/** @param status in place of the error's usual one */
export function sendError(
  error: YardError,
  request: ApiRequest,
  reply: ApiReply,
  status: number = usualStatus[error.code],
): ApiReply {
  sayWhenToRetry(reply, error);
  if (error.code === "unauthenticated") reply.header("www-authenticate", "Bearer");
  const { code, message, field } = error;
  return reply.code(status).send({ error: { code, message, field, requestId: request.id } });
}
