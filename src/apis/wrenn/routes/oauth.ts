/** Logins by another service: the way there, and the way back. Browsers come here, so whatever is wrong leads back to the page they came from. */
import { fastifyCookie } from "@fastify/cookie";
import { Type } from "typebox";
import type { ApiInstance, ApiReply, ApiRequest } from "../../../platform/http/api.ts";
import { originOf } from "../../../platform/http/origin.ts";
import { credentialLimit } from "../../../platform/http/rate-limit.ts";
import { authToWire } from "../accounts.ts";
import { errorReplies, WireError } from "../errors.ts";
import { createEnter, type Entry, type Refusal } from "../oauth/entry.ts";
import type { OAuthProvider, Profile } from "../oauth/provider.ts";
import { createReturn } from "../oauth/return.ts";
import { createOAuthState, type Intent } from "../oauth/state.ts";
import type { WrennParts } from "../parts.ts";
import type { Toolbox } from "../toolbox.ts";
import { maySignUp } from "./auth.ts";

const stateCookie = "oauth_state";
const stateSeconds = 600;
const ProviderPath = Type.Object({ provider: Type.String({ description: "`github`" }) });
const Redirect = Type.Unsafe<undefined>({ type: "null", description: "Go on there" });

const StartQuery = Type.Object({
  intent: Type.Optional(Type.String({ description: "`login`: only who has an account already" })),
});
const CallbackQuery = Type.Object({
  code: Type.Optional(Type.String()),
  state: Type.Optional(Type.String()),
  error: Type.Optional(Type.String({ description: "Why the provider sends no code" })),
});

/** The document's spelling, and the one that dashboards use. */
const spellings = ["/v1/auth/oauth", "/auth/oauth"] as const;
const otherSpelling = { undocumented: "another spelling of the path, which dashboards use" };

/** Operations that need no credential. */
export const openOAuthOperations: readonly string[] = spellings.flatMap((path) => [
  `GET ${path}/:provider`,
  `GET ${path}/:provider/callback`,
]);

export async function registerOAuthRoutes(app: ApiInstance, parts: WrennParts, toolbox: Toolbox): Promise<void> {
  await app.register(fastifyCookie, { hook: false }); // read where they are needed
  const state = createOAuthState(parts.oauth.stateKey);
  for (const base of spellings) {
    const config = { ...credentialLimit(parts.loginRate).config, ...(base === "/auth/oauth" && otherSpelling) };
    registerStart(app, `${base}/:provider`, { config, state, parts });
    registerCallback(app, `${base}/:provider/callback`, { config, state, parts, toolbox });
  }
}

interface RouteParts {
  readonly config: object;
  readonly state: ReturnType<typeof createOAuthState>;
  readonly parts: WrennParts;
}

function registerStart(app: ApiInstance, path: string, { config, state, parts: { oauth } }: RouteParts): void {
  app.get(
    path,
    {
      config,
      schema: {
        operationId: "oauthRedirect",
        hide: "undocumented" in config,
        summary: "Begin a login by another service: leads to its page",
        tags: ["Accounts"],
        security: [],
        params: ProviderPath,
        querystring: StartQuery,
        response: { 302: Redirect, ...errorReplies(404, 429) },
      },
    },
    async (request, reply) => {
      const provider = providerOf(oauth, request.params.provider);
      const { cookie, nonce } = state.issue(intentOf(request.query.intent));
      setStateCookie(request, reply, cookie, stateSeconds);
      reply.header("cache-control", "no-store");
      const redirectUri = `${publicUrl(request, oauth)}${pathOf(request)}/callback`;
      return reply.redirect(provider.authorizeUrl({ state: nonce, redirectUri }), 302);
    },
  );
}

function registerCallback(
  app: ApiInstance,
  path: string,
  { config, state, parts, toolbox }: RouteParts & { readonly toolbox: Toolbox },
): void {
  const { oauth, identity } = parts;
  const { accounts, trail } = toolbox;
  const enter = createEnter({ links: identity.links, accounts });
  const back = createReturn(oauth);

  /** Who has come back, or why nobody has. */
  async function arrive(request: ApiRequest, query: CallbackQueryValues, provider: OAuthProvider): Promise<Entry> {
    if (query.error !== undefined) return { refusal: "access_denied" };
    const accepted = state.accept(cookieOf(request), query.state);
    if (!accepted) return { refusal: "invalid_state" };
    if (!query.code) return { refusal: "missing_code" };
    const redirectUri = `${publicUrl(request, oauth)}${pathOf(request)}`;
    const profile = await profileOf(request, provider, { code: query.code, redirectUri });
    if (!profile) return { refusal: "exchange_failed" };
    const mayBeNew = maySignUp(request, parts.signup);
    return enter({ provider: provider.name, profile, intent: accepted.intent, maySignUp: mayBeNew });
  }

  async function logIn(request: ApiRequest, { user, isNew }: Exclude<Entry, { refusal: Refusal }>) {
    const actor = { userId: user.id, username: user.username };
    const created = { action: "user.create", target: user.username, outcome: "done" } as const;
    if (isNew) await trail.record(request, actor, created);
    const issued = await identity.sessions.open(user.id, accounts.tokenOptions(request));
    await trail.record(request, actor, { action: "session.start", target: issued.sessionId, outcome: "done" });
    return authToWire(issued);
  }

  app.get(
    path,
    {
      config,
      schema: {
        operationId: "oauthCallback",
        hide: "undocumented" in config,
        summary: "End a login by another service: leads back to the page that began it, with a token or an error",
        tags: ["Accounts"],
        security: [],
        params: ProviderPath,
        querystring: CallbackQuery,
        response: { 302: Redirect, ...errorReplies(400, 404, 429) },
      },
    },
    async (request, reply) => {
      const provider = providerOf(oauth, request.params.provider);
      setStateCookie(request, reply, "", 0);
      try {
        const entry = await arrive(request, request.query, provider);
        if ("refusal" in entry) return back.refused(request, reply, provider.name, entry.refusal);
        return back.withToken(request, reply, provider.name, await logIn(request, entry));
      } catch (error) {
        request.log.error({ err: error, requestId: request.id }, "a login by another service failed");
        return back.refused(request, reply, provider.name, "internal_error");
      }
    },
  );
}

interface CallbackQueryValues {
  readonly code?: string;
  readonly state?: string;
  readonly error?: string;
}

async function profileOf(
  request: ApiRequest,
  provider: OAuthProvider,
  grant: { code: string; redirectUri: string },
): Promise<Profile | undefined> {
  try {
    return await provider.profile(grant);
  } catch (error) {
    request.log.warn({ err: error, requestId: request.id }, "a provider of logins could not be asked");
    return undefined;
  }
}

/** @throws {YardError} not_found */
function providerOf({ providers }: WrennParts["oauth"], name: string): OAuthProvider {
  const provider = providers.find((candidate) => candidate.name === name);
  if (provider) return provider;
  const shown = JSON.stringify(name.slice(0, 80));
  throw new WireError("not_found", "provider_not_found", `Nobody logs in here by ${shown}: it is not set up.`);
}

function intentOf(text: string | undefined): Intent | undefined {
  return text === "login" || text === "signup" ? text : undefined;
}

function setStateCookie(request: ApiRequest, reply: ApiReply, value: string, maxAge: number): void {
  const secure = request.protocol === "https" || request.headers["x-forwarded-proto"] === "https";
  reply.setCookie(stateCookie, value, { path: "/", maxAge, httpOnly: true, sameSite: "lax", secure });
}

function cookieOf(request: ApiRequest): string | undefined {
  return request.server.parseCookie(request.headers.cookie ?? "")[stateCookie];
}

function publicUrl(request: ApiRequest, oauth: WrennParts["oauth"]): string {
  return oauth.publicUrl ?? originOf(request);
}

/** As the browser has spelled it, so that it comes back in the same way. */
function pathOf(request: ApiRequest): string {
  return request.originalUrl.split("?", 1)[0]!;
}
