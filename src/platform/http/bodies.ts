/** Request bodies: read within a limit and a deadline, parsed without surprises. */
import type { Readable } from "node:stream";
import type { ContentTypeParserDoneFunction } from "fastify/types/content-type-parser.js";
import { YardError } from "../errors.ts";
import type { ApiInstance, ApiRequest } from "./api.ts";
import { bodyTooLarge } from "./errors.ts";
import { compileValidator } from "./validation.ts";

/** No caller needs more levels, and code that walks a value by recursion (a validator, a serialiser) has stack enough for these. */
const maxDepth = 100;
/** From the first byte to the last, for bodies that are held in memory; uploads that stream have their own rules. */
const bodyDeadlineMs = 60_000;
/** A body beyond its limit is still read and thrown away this far: most clients read no reply before they have sent everything, and
 *  would see a reset connection where we say what is wrong. */
const drain = { maxBytes: 64 * 1024 * 1024, maxMs: 5_000, maxSilenceMs: 1_000 };

/** JSON bodies, and nothing else. For the root: every API has it until it chooses otherwise. */
export function readJsonBodies(app: ApiInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(/^application\/(?:[\w.-]+\+)?json(?:;|$)/, jsonParser(app));
}

/** JSON whatever the Content-Type says, also without one. An empty body is none. */
export function readAnyBodyAsJson(app: ApiInstance): void {
  ignoreContentType(app);
  app.addContentTypeParser("*", jsonParser(app));
}

/** Bodies as a `Buffer` of the bytes that came, whatever the Content-Type says. */
export function keepBodiesRaw(app: ApiInstance): void {
  ignoreContentType(app);
  app.addContentTypeParser("*", readBody);
}

/** Bodies as the stream that comes in, unread: `request.body` is it, or undefined where there is none. Whoever reads it bounds it; schemas of
 *  bodies only document. Forms keep their Content-Type also where it is ignored otherwise, for a parser that is registered after this. */
export function streamBodies(app: ApiInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, payload, done) => done(null, payload));
  app.addHook("onRequest", (request, _reply, done) => {
    const contentType = sentContentType(request);
    request.raw.headers["content-type"] = contentType && isForm.test(contentType) ? contentType : undefined;
    done();
  });
  app.setValidatorCompiler((part) => (part.httpPart === "body" ? () => true : compileValidator(part)));
}

const isForm = /^multipart\/form-data *;/i;

/** The Content-Type as it was sent, also where it is ignored. */
export function sentContentType(request: ApiRequest): string | undefined {
  const { rawHeaders } = request.raw;
  const name = rawHeaders.findIndex((text, index) => index % 2 === 0 && text.toLowerCase() === "content-type");
  return name === -1 ? undefined : rawHeaders[name + 1];
}

/** The header would choose the parser, and an ill-formed one would be refused with 415 before any parser is asked. */
function ignoreContentType(app: ApiInstance): void {
  app.removeAllContentTypeParsers();
  app.addHook("onRequest", (request, _reply, done) => {
    if (request.raw.headers["content-type"] !== undefined) request.raw.headers["content-type"] = undefined;
    done();
  });
}

function jsonParser(app: ApiInstance) {
  const parse = app.getDefaultJsonParser("error", "error"); // `__proto__` and `constructor.prototype` are refused
  return (request: ApiRequest, payload: Readable, done: ContentTypeParserDoneFunction): void => {
    readBody(request, payload).then((body) => {
      if (body.length === 0) return done(null, undefined);
      const text = body.toString("utf8");
      if (isTooDeep(text)) return done(new YardError("invalid", `The body nests deeper than ${maxDepth} levels.`));
      parse(request, text, done);
    }, done);
  };
}

/** Counts brackets outside of strings. What is no JSON at all is left to the parser. */
function isTooDeep(text: string): boolean {
  if (text.length <= maxDepth * 2) return false;
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i);
    if (inString) {
      if (char === 0x5c /* \ */) i += 1;
      else if (char === 0x22 /* " */) inString = false;
    } else if (char === 0x22) inString = true;
    else if (char === 0x7b /* { */ || char === 0x5b /* [ */) {
      depth += 1;
      if (depth > maxDepth) return true;
    } else if (char === 0x7d /* } */ || char === 0x5d /* ] */) depth -= 1;
  }
  return false;
}

/** Lets what is still to come of a streamed body go by, within the same bounds: for a handler that has read enough to refuse it. Clients that
 *  have read the reply mostly stop sending, and leave the connection as it is. */
export function discardBody({ raw }: ApiRequest): void {
  if (raw.readableEnded || raw.destroyed) return;
  let length = 0;
  const cut = (): void => void raw.destroy();
  const timers = [setTimeout(cut, drain.maxMs), setTimeout(cut, drain.maxSilenceMs)];
  const settle = (): void => timers.forEach(clearTimeout);
  raw
    .once("end", settle)
    .once("close", settle)
    .on("error", () => {}); // whoever refuses it has an error already
  raw.on("data", (chunk: Buffer) => {
    timers[1]?.refresh();
    length += chunk.length;
    if (length > drain.maxBytes) cut();
  });
  raw.resume(); // whoever has read it so far has paused it
}

/** The whole body.
 *  @throws {YardError} too_large beyond the route's `bodyLimit`; timeout, if it dribbles in; interrupted, if the client leaves */
export function readBody(request: ApiRequest, payload: Readable): Promise<Buffer> {
  const limit = request.routeOptions.bodyLimit;
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    let tooLarge = Number(request.headers["content-length"]) > limit;
    let deadline = setTimeout(onLate, tooLarge ? drain.maxMs : bodyDeadlineMs);

    payload.on("data", onData).on("end", onEnd).on("close", onClose);

    function onData(chunk: Buffer): void {
      length += chunk.length;
      if (length <= limit && !tooLarge) chunks.push(chunk);
      else if (length > drain.maxBytes) settle(bodyTooLarge(limit));
      else if (!tooLarge) {
        tooLarge = true;
        chunks.length = 0;
        clearTimeout(deadline);
        deadline = setTimeout(onLate, drain.maxMs);
      }
    }
    function onEnd(): void {
      settle(tooLarge ? bodyTooLarge(limit) : undefined);
    }
    function onLate(): void {
      settle(tooLarge ? bodyTooLarge(limit) : new YardError("timeout", "The request's body did not arrive in time."));
    }
    function onClose(): void {
      settle(new YardError("interrupted", "The client left before its request was complete."));
    }
    function settle(error: YardError | undefined): void {
      clearTimeout(deadline);
      payload.off("data", onData).off("end", onEnd).off("close", onClose);
      if (error) reject(error);
      else resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, length));
    }
  });
}
