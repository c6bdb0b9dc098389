/** Cookie sessions, for browsers and for clients that keep cookies like one: the token rests in a cookie that scripts cannot read, and beside
 *  it a second one, readable, holds what only we can make of that token. A page of another origin can make a browser send both, but can
 *  neither read the second nor set the header that must repeat it. */
import { createHmac, timingSafeEqual } from "node:crypto";
import { fastifyCookie } from "@fastify/cookie";
import { YardError } from "../../platform/errors.ts";
import type { ApiInstance, ApiReply, ApiRequest } from "../../platform/http/api.ts";

const authCookie = "appmesh_auth_token";
const csrfCookie = "appmesh_csrf_token";
const csrfHeader = "x-csrf-token";

export interface CookieSessions {
  /** Whether the request brought a session, good or not. */
  cameWith(request: ApiRequest): boolean;
  /** The token of the cookies, or undefined without one. Every method needs the header, GET too: none is worth an exception.
   *  @throws {YardError} unauthenticated, if the header does not repeat what belongs to the token */
  tokenOf(request: ApiRequest): string | undefined;
  /** Both cookies at once, for as long as the token lives. Only on replies of routes that `allowCookies` registered. */
  set(reply: ApiReply, token: string, lifetimeSeconds: number): void;
  clear(reply: ApiReply): void;
}

/** @param csrfKey the same on every replica and after every start, so that cookies outlive a restart as their tokens do */
export function createCookies(csrfKey: Uint8Array): CookieSessions {
  const csrfOf = (token: string) => createHmac("sha256", csrfKey).update(token).digest("hex");

  return {
    cameWith: (request) => Boolean(cookiesOf(request)[authCookie]),

    tokenOf(request) {
      const { [authCookie]: token, [csrfCookie]: fromCookie } = cookiesOf(request);
      if (!token) return undefined;
      const expected = csrfOf(token);
      if (isSame(request.headers[csrfHeader], expected) && isSame(fromCookie, expected)) return token;
      throw new YardError("unauthenticated", `a request with cookies must repeat ${csrfCookie} in X-CSRF-Token`);
    },

    set(reply, token, lifetimeSeconds) {
      const attributes = { path: "/", sameSite: "strict", secure: "auto", maxAge: lifetimeSeconds } as const;
      reply.setCookie(authCookie, token, { ...attributes, httpOnly: true });
      reply.setCookie(csrfCookie, csrfOf(token), attributes);
    },

    clear(reply) {
      const attributes = { path: "/", sameSite: "strict", secure: "auto" } as const;
      reply.clearCookie(authCookie, { ...attributes, httpOnly: true });
      reply.clearCookie(csrfCookie, attributes);
    },
  };
}

/** Routes that may set cookies, in a scope of their own: the others neither can nor pay for it, and a stray `Set-Cookie` would end the
 *  session of a client that takes each one for a new session. */
export function allowCookies(app: ApiInstance, registerRoutes: (scope: ApiInstance) => void): void {
  app.register(async (scope) => {
    await scope.register(fastifyCookie, { hook: false }); // cookies are read only where no other credential came
    registerRoutes(scope);
  });
}

/** Some clients send whole `Set-Cookie` lines back: their attributes are taken for cookies of other names, which nobody asks for. */
function cookiesOf(request: ApiRequest): Readonly<Record<string, string>> {
  const header = request.headers.cookie;
  return header === undefined ? {} : fastifyCookie.parse(header);
}

function isSame(given: string | string[] | undefined, expected: string): boolean {
  const [a, b] = [Buffer.from(String(given ?? "")), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** The forms that clients mean yes by; everything else is no. */
export function isAsked(header: string | boolean | undefined): boolean {
  return /^(?:1|t|T|true|TRUE|True)$/.test(String(header ?? ""));
}
