/** How the yard's errors look to Wrenn's clients: `{"error": {"code", "message"}}`. They choose what to do by the code, so where one status has several
 *  the route says which: by throwing a `WireError`, or by `.catch(naming(…))` on what a domain throws. */
import { Type } from "typebox";
import { isYardError, YardError, type YardErrorCode, type YardErrorOptions } from "../../platform/errors.ts";
import type { ApiReply, ApiRequest } from "../../platform/http/api.ts";
import { replyFor, sayWhenToRetry, usualStatus } from "../../platform/http/statuses.ts";
import { textToWire } from "./ids.ts";

/** How one error is spelled. */
export interface Wording {
  /** Default: the usual one of the error. */
  readonly status?: number;
  readonly code: string;
  /** Further members of the body: beside `error`, and in it, as both are read. */
  readonly also?: Readonly<Record<string, unknown>>;
}

/** Wrong passwords that lock an account look like any other wrong password. Nothing is read as a precondition but the state of something. */
const statusOf = { ...usualStatus, precondition: 409, locked: 401 } as const;

const codeOf: Readonly<Record<YardErrorCode, string>> = {
  invalid: "invalid_request",
  unauthenticated: "unauthorized",
  forbidden: "forbidden",
  not_found: "not_found",
  conflict: "conflict",
  precondition: "invalid_state",
  locked: "unauthorized",
  too_large: "too_large",
  too_many: "too_many_requests",
  timeout: "timeout",
  interrupted: "interrupted",
  unavailable: "host_unavailable",
  storage_full: "storage_full",
  internal: "internal_error",
};

/** An error whose route knows better than the table above how Wrenn's clients know it. */
export class WireError extends YardError {
  readonly wording: Wording;

  constructor(code: YardErrorCode, wording: Wording | string, message: string, options?: YardErrorOptions) {
    super(code, message, options);
    this.wording = typeof wording === "string" ? { code: wording } : wording;
  }
}

/** For `.catch`: what a domain throws, spelled as this operation's clients know it; codes that are not named pass as they are.
 *  `await capsules.pause(…).catch(naming({ conflict: "invalid_state" }))` */
export function naming(wordings: Partial<Record<YardErrorCode, Wording | string>>): (error: unknown) => never {
  return (error) => {
    const wording = isYardError(error) && !(error instanceof WireError) ? wordings[error.code] : undefined;
    if (!isYardError(error) || wording === undefined) throw error;
    const { field, retryAfterMs } = error;
    throw new WireError(error.code, wording, error.message, { field, retryAfterMs, cause: error });
  };
}

export const ErrorReply = Type.Object(
  {
    error: Type.Object({
      code: Type.String({ description: "By which programs tell errors apart" }),
      message: Type.String({ description: "What failed, and what to do" }),
    }),
  },
  { description: "What went wrong" },
);

/** The error statuses of an operation, for its schema. */
export function errorReplies<const Status extends number>(
  ...statuses: readonly Status[]
): Record<Status | 500, typeof ErrorReply> {
  return replyFor([...statuses, 500], ErrorReply);
}

/** What may be wrong with a JSON body: no JSON or another shape, too slow, too large; and a disk without room for what it asks for. */
export const bodyStatuses = [400, 408, 413, 507] as const;

export function errorToWire(error: YardError) {
  const { code, also } = wordingOf(error);
  const message = error.field === undefined ? error.message : `${error.field}: ${error.message}`;
  return { error: { code, message: textToWire(message), ...also }, ...also };
}

export function sendWireError(error: YardError, _request: ApiRequest, reply: ApiReply): ApiReply {
  sayWhenToRetry(reply, error);
  if (error.code === "unauthenticated") reply.header("www-authenticate", "Bearer");
  return reply.code(statusFor(error)).send(errorToWire(error));
}

export function statusFor(error: YardError): number {
  return wordingOf(error).status ?? statusOf[error.code];
}

function wordingOf(error: YardError): Wording {
  return error instanceof WireError ? error.wording : { code: codeOf[error.code] };
}
