/** Turns whatever made a request fail into a `YardError`, so that an API has to know one kind of error only. */
import type { FastifyRequest } from "fastify";
import { YardError } from "../errors.ts";
import { requestLine } from "./request-lines.ts";

/** Fastify's own refusals, by their code. */
const refusals: Readonly<Record<string, () => YardError>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: () =>
    new YardError("invalid", "not a media type that this operation reads", { field: "Content-Type" }),
  FST_ERR_CTP_INVALID_JSON_BODY: () =>
    new YardError("invalid", "The body is not JSON, or holds a key that is not allowed (__proto__)."),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: () =>
    new YardError("invalid", "does not match the body's length", { field: "Content-Length" }),
  FST_ERR_BAD_URL: () => new YardError("invalid", "The URL holds a broken percent encoding."),
  FST_ERR_MAX_PARAM_LENGTH: () => new YardError("invalid", "A name in the URL is too long."),
};

export function bodyTooLarge(limit: number): YardError {
  return new YardError("too_large", `The body is larger than ${limit} bytes.`);
}

/** Never throws. What is nobody's fault but ours is logged here, with the request's id, and becomes an `internal` without any inside. */
export function toYardError(error: unknown, request: FastifyRequest): YardError {
  if (error instanceof YardError) {
    if (error.code === "internal") logBug(error, request);
    return error;
  }
  const refusal = refusals[codeOf(error)];
  if (refusal) return refusal();
  const status = statusOf(error);
  if (status !== undefined && status >= 400 && status < 500 && error instanceof Error) {
    return new YardError("invalid", error.message, { cause: error });
  }
  logBug(error, request);
  return new YardError(
    "internal",
    `Something went wrong here; the server's log tells more under request id ${request.id}.`,
    { cause: error },
  );
}

function logBug(error: unknown, request: FastifyRequest): void {
  request.log.error({ requestId: request.id, request: requestLine(request), err: error }, "a request failed");
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

function statusOf(error: unknown): number | undefined {
  return error instanceof Error && "statusCode" in error && typeof error.statusCode === "number"
    ? error.statusCode
    : undefined;
}
