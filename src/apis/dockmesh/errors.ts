/** How the yard's errors look to Dockmesh's clients: `{"error": "…"}`, and whatever an operation puts beside it. */
import { Type } from "typebox";
import { YardError, type YardErrorCode, type YardErrorOptions } from "../../platform/errors.ts";
import type { ApiReply, ApiRequest } from "../../platform/http/api.ts";
import { replyFor, sayWhenToRetry, usualStatus } from "../../platform/http/statuses.ts";

/** What is well-formed and cannot be done (a compose file, a cycle) is a precondition here; what another party failed at is not unavailable but a bad gateway: see `WireError`. */
const statusOf: Readonly<Record<YardErrorCode, number>> = {
  ...usualStatus,
  precondition: 422,
  too_many: 409,
  timeout: 503,
};

/** An error with a status or members that only its operation knows. */
export class WireError extends YardError {
  readonly status: number;
  /** Further members of the body, beside `error`. */
  readonly also: Readonly<Record<string, unknown>>;

  constructor(
    code: YardErrorCode,
    message: string,
    {
      status = statusOf[code],
      also = {},
      ...options
    }: YardErrorOptions & { readonly status?: number; readonly also?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(code, message, options);
    this.status = status;
    this.also = also;
  }
}

export const ErrorReply = Type.Object(
  { error: Type.String({ description: "What failed, and what to do" }) },
  { description: "What went wrong; some operations put more beside it", additionalProperties: true },
);

/** The error statuses of an operation, for its schema. */
export function errorReplies<const Status extends number>(
  ...statuses: readonly Status[]
): Record<Status | 500, typeof ErrorReply> {
  return replyFor([...statuses, 500], ErrorReply);
}

export function errorToWire(error: YardError): { error: string } & Record<string, unknown> {
  const message = error.field === undefined ? error.message : `${error.field}: ${error.message}`;
  return { ...(error instanceof WireError && error.also), error: message };
}

export function statusFor(error: YardError): number {
  return error instanceof WireError ? error.status : statusOf[error.code];
}

export function sendWireError(error: YardError, _request: ApiRequest, reply: ApiReply): ApiReply {
  sayWhenToRetry(reply, error);
  if (error.code === "unauthenticated") reply.header("www-authenticate", "Bearer");
  return reply.code(statusFor(error)).send(errorToWire(error));
}
