/** For tests: every reply is held against what its route documents. One that does not fit becomes a 500 with the reason as its text, so
 *  that the test which caused it fails. */
import type { RouteOptions } from "fastify";
import type { TSchema } from "typebox";
import { Compile } from "typebox/compile";
import { madeAtFirstCall } from "../first-call.ts";
import type { ApiInstance, ApiReply } from "./api.ts";

type ResponseSchema = TSchema | { readonly content: Readonly<Record<string, { readonly schema: TSchema }>> };
type ResponseSchemas = Readonly<Record<string, ResponseSchema>>;

export function checkResponses(root: ApiInstance): void {
  root.addHook("onRoute", (route) => {
    if (route.method === "HEAD" || route.config?.undocumented !== undefined) return;
    const check = madeAtFirstCall(() => compileChecks(route));
    route.onSend = [
      route.onSend ?? [],
      (_request: unknown, reply: ApiReply, payload: unknown, done: (error: null, payload: unknown) => void) => {
        const fault = check(reply, payload);
        if (fault === undefined) return done(null, payload);
        const text = `${String(route.method)} ${route.url} → ${reply.statusCode}: ${fault}`;
        reply.log.error(text);
        reply.removeHeader("content-length");
        reply.code(500).header("content-type", "text/plain; charset=utf-8");
        done(null, `The reply does not fit its schema. ${text}`);
      },
    ].flat();
  });
}

type ReplyCheck = (reply: ApiReply, payload: unknown) => string | undefined;

function compileChecks(route: RouteOptions): ReplyCheck {
  const schemas = (route.schema?.response ?? {}) as ResponseSchemas;
  const checks = new Map(
    Object.entries(schemas).map(([status, schema]) => [status.toLowerCase(), compileCheck(schema)]),
  );
  return (reply, payload) => {
    const status = String(reply.statusCode);
    const check = checks.get(status) ?? checks.get(`${status[0]}xx`) ?? checks.get("default");
    return check
      ? check(reply, payload)
      : `the status is not documented (documented: ${[...checks.keys()].join(", ") || "none"})`;
  };
}

function compileCheck(schema: ResponseSchema): ReplyCheck {
  if (!("content" in schema)) return compileBodyCheck(schema);
  const byType = new Map(
    Object.entries(schema.content).map(([type, media]) => [mediaTypeOf(type), compileBodyCheck(media.schema)]),
  );
  return (reply, payload) => {
    const type = mediaTypeOf(String(reply.getHeader("content-type") ?? ""));
    const check = byType.get(type);
    return check ? check(reply, payload) : `the Content-Type "${type}" is not documented`;
  };
}

function compileBodyCheck(schema: TSchema): ReplyCheck {
  const validator = Compile(schema);
  return (reply, payload) => {
    if (payload !== null && typeof payload === "object" && !Buffer.isBuffer(payload)) return undefined; // a stream: only its type is known
    const value = bodyOf(reply, payload);
    if (validator.Check(value)) return undefined;
    const [first] = validator.Errors(value);
    return `the body does not fit: ${first?.instancePath || "it"} ${first?.message ?? ""}`;
  };
}

/** What a client makes of it: no body is `null`. */
function bodyOf(reply: ApiReply, payload: unknown): unknown {
  if (payload === undefined || payload === null || payload === "") return null;
  const text = Buffer.isBuffer(payload) ? payload.toString("utf8") : String(payload);
  return /json/.test(String(reply.getHeader("content-type"))) ? JSON.parse(text) : text;
}

function mediaTypeOf(contentType: string): string {
  return contentType.split(";", 1)[0]!.trim().toLowerCase();
}
