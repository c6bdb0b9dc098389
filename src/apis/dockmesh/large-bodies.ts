/** Bodies that fill the memory, a few at a time: one of JSON is there as bytes, as text and as what it says (measured: 450 MB for one of 140 MB). */
import type { onRequestHookHandler } from "fastify";
import { YardError } from "../../platform/errors.ts";
import { principalOf } from "./guards.ts";
import { bodyLimitBytes } from "./schemas.ts";

/** Of all users together; of each, one. */
const mostAtOnce = 2;

/** An `onRequest` hook for a route with a large limit, after its guard: nothing of a body is read that is refused. Bodies that other routes take, too, always
 *  pass. @throws {YardError} unavailable */
export function takeFewLargeBodies(): onRequestHookHandler {
  const senders = new Set<string>();
  return (request, reply, done) => {
    const length = request.headers["content-length"];
    if (length !== undefined && Number(length) <= bodyLimitBytes) return done();
    const { userId } = principalOf(request);
    if (senders.has(userId) || senders.size >= mostAtOnce) {
      const message = "Other large requests are being read: send this one again when they are done.";
      return done(new YardError("unavailable", message, { retryAfterMs: 5_000 }));
    }
    senders.add(userId);
    reply.raw.once("close", () => void senders.delete(userId));
    done();
  };
}
