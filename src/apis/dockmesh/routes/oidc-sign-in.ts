/** Signing in by an OpenID provider: the way there, and the way back. Browsers come here, so once it is certain that a sign-in was begun in this browser,
 *  whatever goes wrong leads back to the page that it was begun on. */
import { fastifyCookie } from "@fastify/cookie";
import { Type } from "typebox";
import { type Arrival, stateLifetimeMs } from "../../../identity/openid/openid.ts";
import { isYardError, YardError } from "../../../platform/errors.ts";
import type { ApiInstance, ApiReply, ApiRequest } from "../../../platform/http/api.ts";
import { originOf } from "../../../platform/http/origin.ts";
import { errorReplies } from "../errors.ts";
import type { DockmeshParts } from "../parts.ts";
import { basePath, open } from "../schemas.ts";
import { createSignIn } from "../sign-in.ts";
import type { Toolbox } from "../toolbox.ts";

const base = `${basePath}/auth/oidc`;
export const openOidcOperations = [`GET ${base}/providers`, `GET ${base}/:slug/login`, `GET ${base}/:slug/callback`];

/** Where the user interface is told how it went. */
const page = "/login";
const stateCookie = "dockmesh_sign_in";
const about = { tags: ["auth"], security: open };
const SlugPath = Type.Object({
  slug: Type.String({ description: "Of a provider: GET /auth/oidc/providers lists them" }),
});
const Redirect = Type.Unsafe<undefined>({ type: "null", description: "Go on there" });

export function registerOidcSignInRoutes(app: ApiInstance, parts: DockmeshParts, toolbox: Toolbox): void {
  registerChoice(app, parts);
  registerStart(app, parts);
  registerReturn(app, parts, toolbox);
}

function registerChoice(app: ApiInstance, { identity: { openid } }: DockmeshParts): void {
  app.get(
    `${base}/providers`,
    {
      schema: {
        ...about,
        operationId: "auth.oidc_providers",
        summary: "List the providers that one may sign in by",
        response: {
          200: Type.Array(Type.Object({ slug: Type.String(), display_name: Type.String() })),
          ...errorReplies(),
        },
      },
    },
    async () =>
      (await openid.providers.list())
        .filter(({ isEnabled }) => isEnabled)
        .map(({ slug, displayName }) => ({ slug, display_name: displayName })),
  );
}

function registerStart(app: ApiInstance, { identity: { openid }, agents }: DockmeshParts): void {
  app.get(
    `${base}/:slug/login`,
    {
      schema: {
        ...about,
        operationId: "auth.oidc_login",
        summary: "Begin to sign in by a provider: leads to its page",
        params: SlugPath,
        response: { 302: Redirect, ...errorReplies(404, 503) },
      },
    },
    async (request, reply) => {
      const { slug } = request.params;
      const { publicUrl = originOf(request) } = await agents.namedUrls();
      const redirectUri = `${publicUrl}${base}/${encodeURIComponent(slug)}/callback`;
      const { url, sealed } = await openid.begin(slug, redirectUri);
      const isSecure = redirectUri.startsWith("https:");
      setStateCookie(reply, slug, { value: sealed, seconds: stateLifetimeMs / 1_000, isSecure });
      return leadTo(reply, url);
    },
  );
}

function registerReturn(app: ApiInstance, parts: DockmeshParts, { trail }: Toolbox): void {
  const { identity } = parts;
  const signIn = createSignIn(identity, parts.sessionLimits);

  async function logIn(request: ApiRequest, slug: string, arrival: Arrival): Promise<URLSearchParams> {
    const { user } = arrival;
    const actor = { userId: user.id, username: user.username };
    for (const what of changesOf(slug, arrival)) await trail.record(request, actor, what);
    const issued = await identity.sessions.open(user.id, signIn.optionsFor(request));
    const details = { provider: slug };
    await trail.record(request, actor, {
      action: "auth.sso_login",
      target: issued.sessionId,
      outcome: "done",
      details,
    });
    return new URLSearchParams({ sso_access: issued.token, sso_refresh: issued.refreshToken ?? "" });
  }

  /** What the page is told. @throws what is no answer to a sign-in that this browser has begun */
  function refusalOf(request: ApiRequest, slug: string, error: unknown): string {
    if (!isYardError(error)) {
      request.log.error({ err: error, requestId: request.id }, "signing in has failed");
      return "The server has failed. Ask whoever runs it.";
    }
    recordFailure(trail, request, slug, error);
    if (error.code === "unauthenticated" || error.code === "not_found") throw error;
    return error.message;
  }

  app.get(
    `${base}/:slug/callback`,
    {
      schema: {
        ...about,
        operationId: "auth.oidc_callback",
        summary: "Complete to sign in by a provider: leads to the page that shows it",
        description: "With the tokens in the fragment of the page's address, or with why there are none in its query.",
        params: SlugPath,
        querystring: Type.Object({
          code: Type.Optional(Type.String()),
          state: Type.Optional(Type.String()),
          error: Type.Optional(Type.String({ description: "Why the provider sends no code" })),
        }),
        response: { 302: Redirect, ...errorReplies(400, 401, 404) },
      },
    },
    async (request, reply) => {
      const { slug } = request.params;
      const returned = { sealed: requireCookie(request), parameters: parametersOf(request), source: request.ip };
      if (!request.query.code && request.query.error === undefined)
        throw new YardError("invalid", "The provider has sent no code. Begin to sign in again.", { field: "code" });
      // Only what was begun here ends here: others must not be able to take the cookie off a browser that is at a provider.
      const leadBack = (told: string) => {
        setStateCookie(reply, slug, { value: "", seconds: 0, isSecure: request.protocol === "https" });
        return leadTo(reply, page + told);
      };
      try {
        const arrival = await identity.openid.complete(slug, returned);
        return leadBack(`#${await logIn(request, slug, arrival)}`);
      } catch (error) {
        return leadBack(`?${new URLSearchParams({ sso_error: refusalOf(request, slug, error) })}`);
      }
    },
  );
}

/** What a sign-in has changed of its user, for the audit trail. */
function changesOf(slug: string, { user, as, roleChange }: Arrival) {
  const done = { target: user.username, outcome: "done" } as const;
  return [
    ...(as === "new" ? [{ ...done, action: "user.create", details: { provider: slug } }] : []),
    ...(as === "linked" ? [{ ...done, action: "user.sso_link", details: { provider: slug } }] : []),
    ...(roleChange
      ? [
          {
            ...done,
            action: "user.update",
            details: { provider: slug, role: roleChange.after, was: roleChange.before },
          },
        ]
      : []),
  ];
}

/** Only to the page above, and to what the provider says is its own; the tokens there are nobody else's business. */
function leadTo(reply: ApiReply, location: string): ApiReply {
  reply.header("cache-control", "no-store").header("referrer-policy", "no-referrer");
  return reply.redirect(location, 302);
}

/** Each provider's goes to its own paths alone, so that two that are begun at the same time do not meet. */
function setStateCookie(
  reply: ApiReply,
  slug: string,
  { value, seconds, isSecure }: { value: string; seconds: number; isSecure: boolean },
): void {
  const path = `${base}/${encodeURIComponent(slug)}`;
  const attributes = { path, maxAge: seconds, httpOnly: true, sameSite: "lax", secure: isSecure } as const;
  reply.header("set-cookie", fastifyCookie.serialize(stateCookie, value, attributes));
}

/** @throws {YardError} invalid */
function requireCookie(request: ApiRequest): string {
  const sealed = fastifyCookie.parse(request.headers.cookie ?? "")[stateCookie];
  if (sealed) return sealed;
  throw new YardError("invalid", "This browser has begun no sign-in, or keeps no cookies. Begin to sign in again.");
}

/** As the provider has sent them: also what the schema does not know counts, such as which issuer has answered. */
function parametersOf(request: ApiRequest): URLSearchParams {
  return new URL(request.originalUrl, "http://yard.invalid").searchParams;
}

/** Soon, because anybody may come with anything. */
function recordFailure(trail: Toolbox["trail"], request: ApiRequest, slug: string, error: YardError): void {
  const nobody = { userId: null, username: "" };
  const details = { provider: slug.slice(0, 80), reason: error.code };
  trail.recordSoon(request, nobody, { action: "auth.login_failed", target: "", outcome: "denied", details });
}
