/** A limit on how often one address may try credentials: generous, for it only slows down guessing. The lockout of accounts is identity's. */
import rateLimit from "@fastify/rate-limit";
import { YardError } from "../errors.ts";
import type { ApiInstance } from "./api.ts";

/** Off for every route but those that ask for it with `config: { rateLimit: … }`; counted per address, IPv6 per /64. */
export async function allowRateLimits(app: ApiInstance): Promise<void> {
  await app.register(rateLimit, {
    global: false,
    // Told by `Retry-After` alone, in the API's own way: not every contract knows the counting headers.
    addHeaders: {
      "x-ratelimit-limit": false,
      "x-ratelimit-remaining": false,
      "x-ratelimit-reset": false,
      "retry-after": false,
    },
    addHeadersOnExceeding: { "x-ratelimit-limit": false, "x-ratelimit-remaining": false, "x-ratelimit-reset": false },
    errorResponseBuilder: (_request, { ttl }) =>
      new YardError("too_many", "Too many tries from this address; wait a moment and try again.", {
        retryAfterMs: ttl,
      }),
  });
}

/** The part of a login route's options that limits it, to be spread into them. Each route counts for itself; 0 is no limit. */
export function credentialLimit(perMinute: number) {
  if (perMinute === 0) return {};
  return { config: { rateLimit: { max: perMinute, timeWindow: 60_000 } } };
}
