/** Errors of signed URLs, as stores of S3 show them: programs that are given a URL to put or get something know no other shape. */
import { Type } from "typebox";
import type { YardError, YardErrorCode } from "../../../platform/errors.ts";
import type { ApiReply, ApiRequest } from "../../../platform/http/api.ts";
import { replyFor, sayWhenToRetry, usualStatus } from "../../../platform/http/statuses.ts";

const codeOf = {
  invalid: "InvalidArgument",
  unauthenticated: "AccessDenied",
  forbidden: "AccessDenied",
  not_found: "NoSuchKey",
  conflict: "OperationAborted",
  precondition: "PreconditionFailed",
  locked: "AccessDenied",
  too_large: "EntityTooLarge",
  too_many: "SlowDown",
  timeout: "RequestTimeout",
  interrupted: "IncompleteBody",
  unavailable: "ServiceUnavailable",
  storage_full: "InsufficientStorage",
  internal: "InternalError",
} as const satisfies Record<YardErrorCode, string>;

export const xmlType = "application/xml";

const XmlError = {
  description: "Why not, as `<Error><Code>…</Code><Message>…</Message></Error>`",
  content: { [xmlType]: { schema: Type.String() } },
};

export function xmlErrors<const Status extends number>(
  ...statuses: readonly Status[]
): Record<Status | 500, typeof XmlError> {
  return replyFor([...statuses, 500], XmlError);
}

export function sendXmlError(error: YardError, request: ApiRequest, reply: ApiReply): ApiReply {
  sayWhenToRetry(reply, error);
  return reply
    .code(usualStatus[error.code])
    .type(xmlType)
    .send(xmlOf(codeOf[error.code], error.message, request.id));
}

export function xmlOf(code: string, message: string, requestId: string): string {
  const fields = Object.entries({ Code: code, Message: message, RequestId: requestId });
  const content = fields.map(([name, text]) => `<${name}>${escapeXml(text)}</${name}>`).join("");
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error>${content}</Error>`;
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/** XML has no control characters at all. */
function escapeXml(text: string): string {
  return text
    .toWellFormed()
    .replace(/[&<>]/g, (char) => entities[char] ?? char)
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd");
}
