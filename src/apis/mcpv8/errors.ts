/** How the yard's errors look to mcp-v8's clients: `{"error": …}`. */
import { Type } from "typebox";
import type { YardError, YardErrorCode } from "../../platform/errors.ts";
import type { ApiReply, ApiRequest } from "../../platform/http/api.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** The status for a JSON body whose fields are missing or wrong. Without it: 400. */
    wrongFieldStatus?: 422;
  }
}

const statusOf = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  precondition: 400,
  locked: 403,
  too_large: 413,
  too_many: 429,
  timeout: 408,
  interrupted: 503,
  unavailable: 503,
  storage_full: 507,
  internal: 500,
} as const satisfies Record<YardErrorCode, number>;

const unsupportedMediaType = 415;

export const ErrorReply = Type.Object(
  { error: Type.String({ description: "What failed, and what to do" }) },
  { description: "What went wrong" },
);

/** The error statuses of an operation, for its schema. Every operation may also fail with 500, and be refused by 401 and 403. */
export function errorReplies<const Status extends number>(
  ...statuses: readonly Status[]
): Record<Status | 401 | 403 | 500, typeof ErrorReply> {
  const all = [...statuses, 401, 403, 500];
  return Object.fromEntries(all.map((status) => [status, ErrorReply])) as Record<
    Status | 401 | 403 | 500,
    typeof ErrorReply
  >;
}

export function sendWireError(error: YardError, request: ApiRequest, reply: ApiReply): ApiReply {
  if (error.retryAfterMs !== undefined) reply.header("retry-after", String(Math.ceil(error.retryAfterMs / 1_000)));
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
