/** The OpenID providers that users sign in by, as administrators set them up. */
import { Type } from "typebox";
import type { OpenId } from "../../../identity/openid/openid.ts";
import { isYardError } from "../../../platform/errors.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { errorReplies } from "../errors.ts";
import { principalOf } from "../guards.ts";
import {
  inOidcFields,
  oidcProviderFromWire,
  oidcProviderToWire,
  WireOidcProvider,
  WireOidcProviderInput,
} from "../oidc-words.ts";
import { basePath, bearer, Done } from "../schemas.ts";
import type { Toolbox } from "../toolbox.ts";

const about = { tags: ["oidc"], security: bearer };
const path = `${basePath}/oidc/providers`;
const ProviderPath = Type.Object({ id: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }) });

export function registerOidcProviderRoutes(app: ApiInstance, openid: OpenId, toolbox: Toolbox): void {
  registerList(app, openid, toolbox);
  registerChanges(app, openid, toolbox);
  registerReload(app, openid, toolbox);
  registerTestDiscovery(app, openid, toolbox);
}

function registerList(app: ApiInstance, { providers }: OpenId, { guards, trail }: Toolbox): void {
  app.get(
    path,
    {
      onRequest: guards.may("user.manage"),
      schema: {
        ...about,
        operationId: "oidc.list_providers",
        summary: "List the OpenID providers, also those that are off",
        response: { 200: Type.Array(WireOidcProvider), ...errorReplies(401, 403) },
      },
    },
    async () => (await providers.list()).map(oidcProviderToWire),
  );

  app.post(
    path,
    {
      onRequest: guards.may("user.manage"),
      schema: {
        ...about,
        operationId: "oidc.create_provider",
        summary: "Let users sign in by an OpenID provider",
        description:
          "Whoever the provider knows has an account from the first sign-in on. Only administrators who reach all hosts do this: a provider says who is who.",
        body: WireOidcProviderInput,
        response: { 201: WireOidcProvider, ...errorReplies(400, 401, 403, 409) },
      },
    },
    async (request, reply) => {
      const by = principalOf(request);
      const { slug, issuer_url } = request.body;
      const what = { action: "oidc.provider_create", target: slug.slice(0, 80), details: { issuer_url } };
      const work = () => inOidcFields(() => providers.create(oidcProviderFromWire(request.body), { by }));
      const made = await trail.change(request, by, what, work);
      return reply.code(201).send(oidcProviderToWire(made));
    },
  );
}

function registerChanges(app: ApiInstance, { providers }: OpenId, { guards, trail }: Toolbox): void {
  app.put(
    `${path}/:id`,
    {
      onRequest: guards.may("user.manage"),
      schema: {
        ...about,
        operationId: "oidc.update_provider",
        summary: "Change an OpenID provider",
        description: "What is left out stays. Where the issuer changes, the secret is to be given again.",
        params: ProviderPath,
        body: WireOidcProviderInput,
        response: { 200: WireOidcProvider, ...errorReplies(400, 401, 403, 404, 409) },
      },
    },
    async (request) => {
      const by = principalOf(request);
      const { id } = request.params;
      const { slug, issuer_url, default_role } = request.body;
      const what = { action: "oidc.provider_update", target: String(id), details: { slug, issuer_url, default_role } };
      const work = () => inOidcFields(() => providers.update(id, oidcProviderFromWire(request.body), { by }));
      return oidcProviderToWire(await trail.change(request, by, what, work));
    },
  );

  app.delete(
    `${path}/:id`,
    {
      onRequest: guards.may("user.manage"),
      schema: {
        ...about,
        operationId: "oidc.delete_provider",
        summary: "Let nobody sign in by an OpenID provider any more; users and their sessions stay",
        params: ProviderPath,
        response: { 204: Done, ...errorReplies(400, 401, 403, 404) },
      },
    },
    async (request, reply) => {
      const by = principalOf(request);
      const { id } = request.params;
      await trail.change(request, by, { action: "oidc.provider_delete", target: String(id) }, () =>
        providers.remove(id, { by }),
      );
      return reply.code(204).send();
    },
  );
}

function registerReload(app: ApiInstance, openid: OpenId, { guards, trail }: Toolbox): void {
  app.post(
    `${path}/reload`,
    {
      onRequest: guards.may("user.manage"),
      schema: {
        ...about,
        operationId: "oidc.reload",
        summary: "Ask all providers that are on for their discovery documents now",
        response: {
          200: Type.Object({
            status: Type.String({ description: "`ok`, or `failed` where one did not answer well" }),
            reloaded: Type.Integer(),
            failed: Type.Integer(),
          }),
          ...errorReplies(401, 403),
        },
      },
    },
    async (request) => {
      await trail.intend(request, principalOf(request), { action: "oidc.reload", target: "", outcome: "done" });
      const outcome = await openid.reload();
      return { status: outcome.failed === 0 ? "ok" : "failed", ...outcome };
    },
  );
}

function registerTestDiscovery(app: ApiInstance, openid: OpenId, { guards, trail }: Toolbox): void {
  const Endpoint = Type.Optional(Type.String());
  app.post(
    `${path}/test-discovery`,
    {
      onRequest: guards.may("user.manage"),
      schema: {
        ...about,
        operationId: "oidc.test_discovery",
        summary: "Look whether there is an OpenID provider",
        body: Type.Object({ issuer_url: Type.String({ minLength: 1 }) }),
        response: {
          200: Type.Object({
            ok: Type.Boolean(),
            error: Type.Optional(Type.String({ description: "Why it cannot be used" })),
            issuer: Endpoint,
            authorization_endpoint: Endpoint,
            token_endpoint: Endpoint,
            userinfo_endpoint: Endpoint,
          }),
          ...errorReplies(400, 401, 403),
        },
      },
    },
    async (request) => {
      const { issuer_url: issuer } = request.body;
      // Whatever comes of it, the server is made to ask somewhere.
      const what = { action: "oidc.test_discovery", target: issuer.slice(0, 200), outcome: "done" } as const;
      await trail.intend(request, principalOf(request), what);
      try {
        const found = await openid.discover(issuer);
        return {
          ...{ ok: true, issuer: found.issuer, authorization_endpoint: found.authorization },
          ...{ token_endpoint: found.token, userinfo_endpoint: found.userinfo },
        };
      } catch (error) {
        if (!isYardError(error, "unavailable") && !isYardError(error, "invalid")) throw error;
        return { ok: false, error: error.message };
      }
    },
  );
}
