/** Errors as agents are told of them: `{"error": "…"}`. */
import { Type } from "typebox";
import type { YardError } from "../../platform/errors.ts";
import type { ApiReply, ApiRequest } from "../../platform/http/api.ts";
import { replyFor, sayWhenToRetry, usualStatus } from "../../platform/http/statuses.ts";

const ErrorReply = Type.Object({ error: Type.String() }, { description: "What went wrong, and what to do" });

export function errorReplies<const Status extends number>(...statuses: readonly Status[]) {
  return replyFor([...statuses, 500], ErrorReply);
}

export function sendAgentError(error: YardError, _request: ApiRequest, reply: ApiReply): ApiReply {
  sayWhenToRetry(reply, error);
  return reply.code(usualStatus[error.code]).send({ error: error.message });
}
