/** How a request is refused that does not come as far as the protocol: a status, and an error as JSON-RPC has it, of no particular message. */
import type { YardError } from "../../platform/errors.ts";
import type { ApiReply, ApiRequest } from "../../platform/http/api.ts";
import { sayWhenToRetry, unsupportedMediaType, usualStatus } from "../../platform/http/statuses.ts";

const statusOf = { ...usualStatus, precondition: 400, locked: 403 } as const;

/** Of JSON-RPC 2.0; the last is the first of those that are left to servers. */
const rpcCodes = { unreadable: -32_700, internal: -32_603, other: -32_000 } as const;

export function sendRpcError(error: YardError, _request: ApiRequest, reply: ApiReply): ApiReply {
  const isMediaType = error.code === "invalid" && error.field === "Content-Type";
  sayWhenToRetry(reply, error);
  if (error.code === "unauthenticated") reply.header("www-authenticate", "Bearer");
  const message = error.field === undefined ? error.message : `${error.field}: ${error.message}`;
  return reply
    .code(isMediaType ? unsupportedMediaType : statusOf[error.code])
    .send({ jsonrpc: "2.0", error: { code: rpcCodeOf(error), message }, id: null });
}

function rpcCodeOf({ code, field }: YardError): number {
  if (code === "invalid" && field === undefined) return rpcCodes.unreadable;
  return code === "internal" ? rpcCodes.internal : rpcCodes.other;
}
