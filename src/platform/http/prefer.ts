/** `Prefer: wait=N` (RFC 7240): the client asks that its request be held until there is something to answer. */
import { Type } from "typebox";
import type { ApiReply, ApiRequest } from "./api.ts";

/** Most clients and proxies give up on a silent request somewhat later. */
const longestSeconds = 60;

export const WaitHeaders = Type.Object({
  Prefer: Type.Optional(
    Type.String({
      description: `Extension: \`wait=N\` holds the reply for up to N seconds, ${longestSeconds} at most`,
    }),
  ),
});

/** How long the request may be held, in milliseconds; undefined if it does not ask for that. The reply says what was granted. */
export function preferredWaitMs(request: ApiRequest, reply: ApiReply): number | undefined {
  const seconds = waitSecondsOf(request.headers.prefer?.toString());
  if (seconds === undefined) return undefined;
  reply.header("preference-applied", `wait=${seconds}`);
  return seconds * 1_000;
}

/** A wait that is longer than we grant is cut; a preference that cannot be read is none. */
export function waitSecondsOf(prefer: string | undefined): number | undefined {
  const seconds = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,9})"?\s*(?:[,;]|$)/i.exec(prefer ?? "")?.[1];
  return seconds === undefined ? undefined : Math.min(Number(seconds), longestSeconds);
}
