/** What is logged of requests: one line each at level `debug`, failures of a reply under way at `warn`, and no query secret in any.
 *  There is no logger per request: making one costs an eighth of a small request (measured: 5 of 40 µs), and at level `info` a
 *  request that goes well writes nothing. Lines name their request by `requestId` instead. */
import fastify, { type FastifyReply, type FastifyRequest } from "fastify";
import { isSecretName } from "../log.ts";

export class RequestLines extends fastify.LogController {
  override incomingRequest(): void {} // the line at its end says it all

  override requestCompleted(error: Error | null | undefined, request: FastifyRequest, reply: FastifyReply): void {
    if (error) {
      request.log.warn({ requestId: request.id, request: requestLine(request), err: error }, "the reply was cut off");
    } else if (request.log.level === "debug" || request.log.level === "trace") {
      request.log.debug(
        {
          requestId: request.id,
          status: reply.statusCode,
          ms: Math.round(reply.elapsedTime * 10) / 10,
          from: request.ip,
        },
        requestLine(request),
      );
    }
  }

  override streamError(error: Error & { code?: string }, request: FastifyRequest): void {
    const isClientGone = error.code === "ERR_STREAM_PREMATURE_CLOSE";
    const line = { requestId: request.id, request: requestLine(request), err: error };
    if (isClientGone) request.log.debug(line, "the client left before the end of the reply");
    else request.log.warn(line, "the reply broke off");
  }

  override defaultErrorLog(): void {} // errors are logged where they become a reply
  override routeNotFound(): void {}

  override writeHeadError(error: Error, request: FastifyRequest): void {
    request.log.error(
      { requestId: request.id, request: requestLine(request), err: error },
      "the reply's head could not be written",
    );
  }

  override serializerError(error: Error, request: FastifyRequest): void {
    request.log.error(
      { requestId: request.id, request: requestLine(request), err: error },
      "the reply does not fit its schema",
    );
  }
}

/** Method and URL, as far as they may be logged. */
export function requestLine(request: FastifyRequest): string {
  return `${request.method} ${safeUrl(request.url)}`;
}

/** The URL with the values of secret query parameters (`token`, `ticket`, `process_key`, signatures) hidden. */
export function safeUrl(url: string): string {
  const start = url.indexOf("?");
  if (start === -1) return url;
  const shown = url
    .slice(start + 1)
    .split("&")
    .map((part) => {
      const name = part.split("=", 1)[0] ?? "";
      return isSecretParameter(name) ? `${name}=[hidden]` : part;
    });
  return `${url.slice(0, start)}?${shown.join("&")}`;
}

function isSecretParameter(encodedName: string): boolean {
  try {
    const name = decodeURIComponent(encodedName);
    return isSecretName(name) || /signature|^(?:key|code|sig)$/i.test(name);
  } catch {
    return true; // unreadable: better not shown
  }
}
