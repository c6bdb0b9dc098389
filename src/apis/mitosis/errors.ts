/** How the yard's errors look to Mitosis' clients: `{"msg": …}`, which the Rust programs read, and the same as `error`, which the document
 *  promises. */
import { Type } from "typebox";
import { YardError } from "../../platform/errors.ts";
import type { ApiReply, ApiRequest } from "../../platform/http/api.ts";
import { replyFor, sayWhenToRetry, unsupportedMediaType, usualStatus } from "../../platform/http/statuses.ts";

/** `locked` is 403 like an account that an administrator has locked. */
const statusOf = { ...usualStatus, precondition: 400, locked: 403 } as const;

const wrongShapeStatus = 422;

export const ErrorReply = Type.Object(
  {
    msg: Type.String({ description: "What failed, and what to do" }),
    error: Type.String({ description: "The same as `msg`" }),
  },
  { description: "What went wrong" },
);

/** The error statuses of an operation, for its schema. With `body`: those of an operation that takes one too. */
export function errorReplies<const Status extends number>(
  ...statuses: readonly Status[]
): Record<Status | 500, typeof ErrorReply> {
  return replyFor([...statuses, 500], ErrorReply);
}

/** What may be wrong with a JSON body: no JSON, too large, another media type, another shape; and a disk without room for what it asks for. */
export const bodyStatuses = [400, 408, 413, 415, 422, 507] as const;

/** For what a schema cannot say of a body: 422, as for what it can. */
export function wrongShape(field: string, reason: string): YardError {
  return Object.assign(new YardError("invalid", reason, { field }), { validationContext: "body" });
}

/** What the yard calls by another name. */
const wireFields: ReadonlyMap<string, string> = new Map([
  ["team", "group_name"],
  ["usernames", "users"],
  ["digest", "md5_password"],
  ["totpCode", "X-Totp-Code"],
  ["storageQuota", "storage_quota"],
  ["argv", "task_spec.args"],
  ["env", "task_spec.envs"],
  ["resources", "task_spec.resources"],
  ["spec", "task_spec"],
]);

export function errorToWire({ field, message }: YardError) {
  const text = field === undefined ? message : `${wireFields.get(field) ?? field}: ${message}`;
  return { msg: text, error: text };
}

export function sendWireError(error: YardError, request: ApiRequest, reply: ApiReply): ApiReply {
  sayWhenToRetry(reply, error);
  if (error.code === "unauthenticated") reply.header("www-authenticate", "Bearer");
  return reply.code(statusFor(error, request)).send(errorToWire(error));
}

/** The status of an error, also where one stands for a part of a reply. */
export function statusFor(error: YardError, request: ApiRequest): number {
  if (error.code === "invalid" && error.field === "Content-Type") return unsupportedMediaType;
  // No body at all is bad syntax, not a wrong shape.
  if (isOfBody(error) && request.body !== undefined) return wrongShapeStatus;
  return statusOf[error.code];
}

/** Fastify notes on what its validation has refused which part of the request that was. */
function isOfBody(error: YardError): boolean {
  return "validationContext" in error && error.validationContext === "body";
}
