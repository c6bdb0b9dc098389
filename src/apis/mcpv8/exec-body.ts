/** The body of `POST /api/exec`: an object, or the script itself, by its Content-Type. */
import type { onRequestHookHandler, preValidationHookHandler } from "fastify";
import { isYardError, YardError } from "../../platform/errors.ts";
import type { ApiInstance, ApiRequest } from "../../platform/http/api.ts";
import { keepBodiesRaw, readBody, sentContentType } from "../../platform/http/bodies.ts";

export const maxScriptBytes = 16 * 1024 ** 2;

/** Whether the whole body is the script: everything but JSON is, also what `curl -d` sends by itself. */
export function isRawScript(request: ApiRequest): boolean {
  const type = sentContentType(request);
  return type !== undefined && !type.toLowerCase().includes("json");
}

/** For the scope of the route. A body that is too long, or breaks off, is a malformed one. */
export function readScriptBodies(app: ApiInstance): void {
  keepBodiesRaw(app);
  app.removeContentTypeParser("*");
  app.addContentTypeParser("*", async (request: ApiRequest, payload: ApiRequest["raw"]) => {
    try {
      return await readBody(request, payload);
    } catch (error) {
      if (!isYardError(error)) throw error;
      throw new YardError("invalid", `failed to read request body: ${error.message}`, { cause: error });
    }
  });
}

/** Before the body is read: forms are never scripts. */
export const refuseForms: onRequestHookHandler = (request, reply, done) => {
  if (!sentContentType(request)?.toLowerCase().startsWith("multipart/form-data")) return done();
  return reply.code(415).send({
    error: "multipart/form-data is not read here: send the script itself, or a JSON object with its code.",
  });
};

/** Makes of the bytes what the route's schema describes. */
export const parseScriptBody: preValidationHookHandler = (request, _reply, done) => {
  const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  request.body = isRawScript(request) ? { code: textOf(bytes) } : objectOf(textOf(bytes));
  done();
};

function textOf(bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new YardError("invalid", "The body is not valid UTF-8.", { cause });
  }
}

function objectOf(text: string): unknown {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new YardError("invalid", `invalid JSON body: ${reason}`, { cause });
  }
  if (typeof body === "object" && body !== null && !Array.isArray(body) && !("code" in body))
    throw new YardError("invalid", "invalid JSON body: missing field `code`");
  return body;
}
