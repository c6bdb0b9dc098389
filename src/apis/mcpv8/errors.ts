/** How the yard's errors look to mcp-v8's clients: `{"error": …}`. */
import { Type } from "typebox";
import type { YardError } from "../../platform/errors.ts";
import type { ApiReply, ApiRequest } from "../../platform/http/api.ts";
import { replyFor, sayWhenToRetry, unsupportedMediaType, usualStatus } from "../../platform/http/statuses.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** The status for a JSON body whose fields are missing or wrong. Without it: 400. */
    wrongFieldStatus?: 422;
  }
}

const statusOf = { ...usualStatus, precondition: 400, locked: 403 } as const;

export const ErrorReply = Type.Object(
  { error: Type.String({ description: "What failed, and what to do" }) },
  { description: "What went wrong" },
);

/** The error statuses of an operation, for its schema. Every operation may also fail with 500, and be refused by 401 and 403. */
export function errorReplies<const Status extends number>(
  ...statuses: readonly Status[]
): Record<Status | 401 | 403 | 500, typeof ErrorReply> {
  return replyFor([...statuses, 401, 403, 500], ErrorReply);
}

export function sendWireError(error: YardError, request: ApiRequest, reply: ApiReply): ApiReply {
  sayWhenToRetry(reply, error);
  if (error.code === "unauthenticated") reply.header("www-authenticate", "Bearer");
  const text = error.field === undefined ? error.message : `${error.field}: ${error.message}`;
  return reply.code(statusFor(error, request)).send({ error: isOfBody(error) ? `invalid JSON body: ${text}` : text });
}

function statusFor(error: YardError, request: ApiRequest): number {
  if (error.code === "invalid" && error.field === "Content-Type") return unsupportedMediaType;
  if (isOfBody(error)) return request.routeOptions.config.wrongFieldStatus ?? statusOf.invalid;
  return statusOf[error.code];
}

/** Fastify notes on what its validation has refused which part of the request that was. */
function isOfBody(error: YardError): boolean {
  return "validationContext" in error && error.validationContext === "body";
}
