/** Headers that keep browsers from doing what nobody asked for, on every reply. One hook with constants: the plugin that is
 *  usual for this sets a dozen headers one by one, for pages that an API does not have. */
import type { FastifyReply, FastifyRequest } from "fastify";

const onEveryReply = {
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  // Replies are data: a browser that is led to render one runs and loads nothing. Pages set `pageSecurityPolicy` instead.
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
} as const;

/** For the pages that we serve: own scripts, styles and images, nothing inline, nothing from elsewhere. */
export const pageSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:", // Swagger UI's style sheet carries its icons inside
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

export function setCommonHeaders(request: FastifyRequest, reply: FastifyReply, done: () => void): void {
  reply.headers(onEveryReply);
  reply.header("x-request-id", request.id);
  done();
}
