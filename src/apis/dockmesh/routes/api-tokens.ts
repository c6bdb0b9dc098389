/** API tokens: credentials of programs, which do no more than who made them. */
import { randomBytes } from "node:crypto";
import { Type } from "typebox";
import type { NumberedKey, Role } from "../../../identity/identity.ts";
import type { Principal } from "../../../identity/principal.ts";
import { YardError } from "../../../platform/errors.ts";
import type { ApiInstance, ApiRequest } from "../../../platform/http/api.ts";
import { inWireFields, ScopeTags, scopeToWire, Timestamp, timeToWire } from "../account-words.ts";
import { errorReplies } from "../errors.ts";
import { type Guards, principalOf } from "../guards.ts";
import type { DockmeshParts } from "../parts.ts";
import { holds } from "../permissions.ts";
import { requireRole, shownRole } from "../role-words.ts";
import { basePath, bearer, Done } from "../schemas.ts";
import type { Toolbox } from "../toolbox.ts";

const about = { tags: ["api-tokens"], security: bearer };
const dayMs = 24 * 3_600_000;
const shownCharacters = 12;

const ApiToken = Type.Object({
  id: Type.Integer(),
  prefix: Type.String({ description: "How the token begins, to tell tokens apart" }),
  name: Type.String(),
  role: Type.String(),
  created_by: Type.Optional(
    Type.Union([Type.String(), Type.Integer(), Type.Null()], { description: "The owner's id, a string" }),
  ),
  created_at: Timestamp,
  expires_at: Type.Optional(Timestamp),
  last_used_at: Type.Optional(Timestamp),
  last_used_ip: Type.Optional(Type.String()),
  revoked_at: Type.Optional(Timestamp),
  scope_tags: Type.Optional(ScopeTags),
});
const NewApiToken = Type.Object({
  ...ApiToken.properties,
  expires_at: Type.Union([Timestamp, Type.Null()], { description: "null: never" }),
  token: Type.String({ description: "The token itself, this once" }),
});

type Parts = Pick<DockmeshParts, "identity">;

export function registerApiTokenRoutes(app: ApiInstance, parts: Parts, toolbox: Toolbox): void {
  registerList(app, parts, toolbox);
  registerCreate(app, parts, toolbox);
  registerRevoke(app, parts, toolbox);
}

function registerList(app: ApiInstance, { identity }: Parts, { guards }: Toolbox): void {
  const { apiKeys, users, roles } = identity;
  app.get(
    `${basePath}/settings/api-tokens`,
    {
      onRequest: guards.signedIn(),
      schema: {
        ...about,
        operationId: "api_tokens.list",
        summary: "List API tokens, newest first",
        description: "One's own, or everybody's for who manages users; revoked ones, too.",
        response: { 200: Type.Array(ApiToken), ...errorReplies(401, 403) },
      },
    },
    async (request) => {
      const principal = principalOf(request);
      const managesAll = holds(principal, "user.manage");
      const owners = managesAll ? await users.list() : [await users.getById(principal.userId)];
      const [all, keys] = [
        await roles.list(),
        await apiKeys.listNumbered(managesAll ? {} : { userId: principal.userId }),
      ];
      const byId = new Map(owners.map((owner) => [owner.id, owner]));
      return keys.map((key) => {
        const owner = byId.get(key.userId);
        return { ...tokenToWire(key, owner?.roles ?? [], all), ...scopeToWire(owner?.hostTags) };
      });
    },
  );
}

function registerCreate(app: ApiInstance, { identity: { apiKeys, roles } }: Parts, { guards, trail }: Toolbox): void {
  app.post(
    `${basePath}/settings/api-tokens`,
    {
      onRequest: guards.signedIn(),
      schema: {
        ...about,
        operationId: "api_tokens.create",
        summary: "Make an API token",
        description: "It has the scope of who makes it, and at each use no more rights than they have then.",
        body: Type.Object({
          name: Type.String({ minLength: 1, maxLength: 256 }),
          role: Type.Optional(Type.String({ description: "One's own if absent" })),
          expires_in_days: Type.Optional(
            Type.Union([Type.Integer({ minimum: 0, maximum: 36_500 }), Type.Null()], { description: "0: never" }),
          ),
        }),
        response: { 201: NewApiToken, ...errorReplies(400, 401, 403, 409) },
      },
    },
    async (request, reply) => {
      const principal = requireSession(principalOf(request));
      const { name, role, expires_in_days: days } = request.body;
      if (name.trim() === "") throw new YardError("invalid", "is empty", { field: "name" });
      const all = await roles.list();
      if (role) requireMayUse(guards, request, role, all);
      const wanted = {
        ...{ userId: principal.userId, name, roleName: role || undefined, shownCharacters },
        key: `dmt_${randomBytes(30).toString("base64url")}`,
        expiresAt: days ? Date.now() + days * dayMs : undefined,
      };
      const { apiKey, key } = await inWireFields(() => apiKeys.create(wanted, { by: principal }));
      const made = { action: "api_token.create", target: String(apiKey.number), details: { name, role: role ?? "" } };
      await trail.record(request, principal, { ...made, outcome: "done" });
      reply.header("cache-control", "no-store");
      const { expires_at = null, ...fields } = tokenToWire(apiKey, principal.roles, all);
      return reply.code(201).send({ ...fields, ...scopeToWire(principal.hostTags), expires_at, token: key });
    },
  );
}

function registerRevoke(app: ApiInstance, { identity: { apiKeys } }: Parts, { guards, trail }: Toolbox): void {
  app.delete(
    `${basePath}/settings/api-tokens/:id`,
    {
      onRequest: guards.signedIn(),
      schema: {
        ...about,
        operationId: "api_tokens.revoke",
        summary: "Revoke an API token",
        params: Type.Object({ id: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }) }),
        response: { 204: Done, ...errorReplies(400, 401, 403, 404) },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const key = await apiKeys.getNumbered(request.params.id);
      // A stranger's is as unknown as one that there is not.
      if (key.userId !== principal.userId && !holds(principal, "user.manage"))
        throw new YardError("not_found", `There is no API key ${key.number}.`);
      if (key.revokedAt === null)
        await trail.change(request, principal, { action: "api_token.revoke", target: String(key.number) }, () =>
          apiKeys.revoke(key.id, { by: principal }),
        );
      return reply.code(204).send();
    },
  );
}

/** @throws {YardError} forbidden: else a token that leaks or ends soon would make one that does not */
function requireSession(principal: Principal): Principal {
  if (principal.credential.kind === "token") return principal;
  throw new YardError("forbidden", "An API token makes no others: log in, and use the token of that.");
}

/** A role of one's own, or any that one may give as who manages users. @throws {YardError} invalid, forbidden */
function requireMayUse(guards: Guards, request: ApiRequest, role: string, roles: readonly Role[]): void {
  requireRole(role, roles);
  const { roles: own } = principalOf(request);
  if (!own.includes(role) && role !== shownRole(own, roles)) guards.require(request, "user.manage");
}

function tokenToWire(key: NumberedKey, ownerRoles: readonly string[], roles: readonly Role[]) {
  return {
    id: key.number,
    prefix: key.prefix,
    name: key.name,
    role: key.roleName ?? shownRole(ownerRoles, roles),
    created_by: key.userId,
    created_at: timeToWire(key.createdAt),
    ...(key.expiresAt !== null && { expires_at: timeToWire(key.expiresAt) }),
    ...(key.lastUsedAt !== null && { last_used_at: timeToWire(key.lastUsedAt) }),
    ...(key.lastUsedAddress !== null && { last_used_ip: key.lastUsedAddress }),
    ...(key.revokedAt !== null && { revoked_at: timeToWire(key.revokedAt) }),
  };
}
