/** Refusals of the way to a port: plain text, as whoever asks there expects replies of some program and none of an API. */
import type { ServerResponse } from "node:http";
import { isYardError, YardError } from "../../../platform/errors.ts";
import { usualStatus } from "../../../platform/http/statuses.ts";
import { textToWire } from "../ids.ts";

/** `interrupted`: the capsule is there, and what should answer in it does not. */
const statusOf = { ...usualStatus, interrupted: 502, too_many: 503, timeout: 504 } as const;

/** Nothing, if the reply has begun: then it breaks off. */
export function sendRefusal(response: ServerResponse, error: unknown): void {
  if (response.closed || response.headersSent) return void response.destroy();
  const { code, message } = isYardError(error)
    ? error
    : new YardError("interrupted", "What listens there has not answered as a server of HTTP does.");
  const text = `${textToWire(message)}\n`;
  response.writeHead(statusOf[code], {
    "Content-Type": "text/plain; charset=utf-8",
    "Content-Length": Buffer.byteLength(text),
    "X-Content-Type-Options": "nosniff",
    ...(code === "unauthenticated" && { "WWW-Authenticate": "Bearer" }),
  });
  response.end(text);
}
