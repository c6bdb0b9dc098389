/** What a script asks `fetch` for, and what of it goes out. */
import { Type } from "typebox";
import { Compile } from "typebox/compile";
import { type HttpRequest, understoodEncodings } from "../../platform/http/outgoing/exchange.ts";
import { userAgent } from "../../platform/http/outgoing/user-agent.ts";
import { CallError, shortened } from "./call-error.ts";

const headerName = Type.String({ pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$" });
// One control character could end the header and begin another.
const headerValue = Type.String({ pattern: "^[\\t\\x20-\\x7e\\x80-\\xff]*$", maxLength: 16_384 });
const FetchArguments = Compile(
  Type.Object({
    url: Type.String({ maxLength: 8_192 }),
    method: Type.String({ pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}$" }),
    redirect: Type.Enum(["follow", "manual", "error"]),
    headers: Type.Array(Type.Tuple([headerName, headerValue]), { maxItems: 100 }),
  }),
);

export type RedirectMode = "follow" | "manual" | "error";

/** Tunnels and echoes. */
const refusedMethods = new Set(["CONNECT", "TRACE", "TRACK"]);
/** They belong to the connection, or say whom it is for: a server would take the request for one to another host. */
const ownHeaders =
  /^(?:host|connection|content-length|transfer-encoding|keep-alive|upgrade|te|trailer|expect|accept-encoding|via|proxy-.*)$/i;
/** For the host that they were written for, and no other. */
const credentialHeaders = /^(?:authorization|cookie)$/i;
const bodyHeaders = /^content-/i;

/** @throws {CallError} */
export function parseFetch(
  args: unknown,
  content: Uint8Array,
): { readonly request: HttpRequest; readonly redirect: RedirectMode } {
  if (!FetchArguments.Check(args)) throw new CallError(`${faultOf(args)} cannot be sent`);
  const { url: text, method, redirect, headers } = args;
  if (refusedMethods.has(method.toUpperCase())) throw new CallError(`${method} requests cannot be made`);
  const sent = headers.filter(([name]) => !ownHeaders.test(name));
  if (!sent.some(([name]) => name.toLowerCase() === "user-agent")) sent.push(["user-agent", userAgent]);
  sent.push(["accept-encoding", understoodEncodings]);
  const body = content.length > 0 ? content : undefined;
  return { request: { method, url: requireWebAddress(text), headers: sent, body }, redirect };
}

function faultOf(args: unknown): string {
  const [fault] = FetchArguments.Errors(args);
  const [part, index] = fault?.instancePath.slice(1).split("/") ?? [];
  return part === "headers" && index !== undefined ? `header number ${Number(index) + 1}` : `this ${part || "request"}`;
}

/** @throws {CallError} */
function requireWebAddress(text: string, base?: URL): URL {
  const url = URL.parse(text, base?.href);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:"))
    throw new CallError(`${shortened(text)} is no http or https address`);
  // What stands before an @ is easily taken for the host.
  if (url.username !== "" || url.password !== "")
    throw new CallError("an address cannot hold a user or a password: send an Authorization header");
  url.hash = "";
  return url;
}

/** The request that a redirect asks for, as browsers make it; undefined if the response is none.
 *  @throws {CallError} */
export function redirected(
  request: HttpRequest,
  { status, headers }: { status: number; headers: readonly (readonly [string, string])[] },
): HttpRequest | undefined {
  const location = headers.find(([name]) => name.toLowerCase() === "location")?.[1];
  if (location === undefined || ![301, 302, 303, 307, 308].includes(status)) return undefined;
  const url = requireWebAddress(location, request.url);
  const { method } = request;
  const becomesGet =
    (status === 303 && method !== "GET" && method !== "HEAD") ||
    ((status === 301 || status === 302) && method === "POST");
  const isElsewhere = url.origin !== request.url.origin;
  const kept = request.headers.filter(
    ([name]) => !(isElsewhere && credentialHeaders.test(name)) && !(becomesGet && bodyHeaders.test(name)),
  );
  return {
    url,
    headers: kept,
    method: becomesGet ? "GET" : method,
    body: becomesGet ? undefined : request.body,
  };
}
