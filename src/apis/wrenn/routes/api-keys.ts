/** Keys of a team: made, listed, removed. */
import { Type } from "typebox";
import type { TeamKey } from "../../../identity/identity.ts";
import type { Permission } from "../../../identity/permissions.ts";
import { mayDo, type Principal } from "../../../identity/principal.ts";
import { isYardError } from "../../../platform/errors.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { callerOf } from "../callers.ts";
import { bodyStatuses, errorReplies } from "../errors.ts";
import { idFromWire, idToWire } from "../ids.ts";
import type { WrennParts } from "../parts.ts";
import { IdPath, NoContent, Timestamp, userSecurity } from "../schemas.ts";
import { newTeamKey } from "../secrets.ts";
import { timeToWire } from "../times.ts";
import type { Toolbox } from "../toolbox.ts";

const about = { tags: ["API keys"], security: userSecurity };

const KeyReply = Type.Object({
  id: Type.String(),
  team_id: Type.String(),
  name: Type.String(),
  key_prefix: Type.String({ description: "By which people tell keys apart" }),
  created_by: Type.String(),
  created_at: Timestamp,
  creator_email: Type.Optional(Type.String()),
  last_used: Type.Optional(Timestamp),
  key: Type.Optional(Type.String({ description: "The key itself, when it is made and never again" })),
});

/** What a key is good for: what its team has, and nothing of its maker's own. */
const keyPermissions: readonly Permission[] = ["capsules.view", "capsules.run", "templates.write"];

export function registerApiKeyRoutes(
  app: ApiInstance,
  { identity: { apiKeys } }: Pick<WrennParts, "identity">,
  { guards, trail }: Toolbox,
): void {
  app.post(
    "/v1/api-keys",
    {
      onRequest: guards.member("keys.write"),
      schema: {
        ...about,
        operationId: "createAPIKey",
        summary: "Make a key of the team",
        description: "It does no more than who made it may do, and ends when they leave the team.",
        body: Type.Object({ name: Type.Optional(Type.String({ default: "Unnamed API Key" })) }),
        response: { 201: KeyReply, ...errorReplies(...bodyStatuses, 401, 403, 404, 409) },
      },
    },
    async (request, reply) => {
      const { principal, teamId } = callerOf(request);
      const name = request.body.name || "Unnamed API Key";
      const wanted = {
        userId: principal.userId,
        teamId,
        name,
        permissions: permissionsFor(principal),
        key: newTeamKey(),
      };
      const { apiKey, key } = await apiKeys.create(wanted);
      const details = { team: teamId, name };
      await trail.record(request, principal, { action: "key.create", target: apiKey.id, outcome: "done", details });
      reply.header("cache-control", "no-store");
      return reply.code(201).send({ ...fieldsToWire(apiKey, teamId), key });
    },
  );

  app.get(
    "/v1/api-keys",
    {
      onRequest: guards.member("keys.view"),
      schema: {
        ...about,
        operationId: "listAPIKeys",
        summary: "List the team's keys, newest first",
        response: { 200: Type.Array(KeyReply), ...errorReplies(401, 403, 404) },
      },
    },
    async (request) => {
      const { teamId } = callerOf(request);
      return (await apiKeys.listOfTeam(teamId)).map((key) => keyToWire(key, teamId));
    },
  );

  app.delete(
    "/v1/api-keys/:id",
    {
      onRequest: guards.member("keys.write"),
      schema: {
        ...about,
        operationId: "deleteAPIKey",
        summary: "Remove a key of the team; one that there is not is removed already",
        params: IdPath,
        response: { 204: NoContent, ...errorReplies(400, 401, 403, 404) },
      },
    },
    async (request, reply) => {
      const { principal, teamId } = callerOf(request);
      const id = idFromWire("key", request.params.id);
      try {
        await trail.change(request, principal, { action: "key.revoke", target: id }, () =>
          apiKeys.revoke(id, { teamId }),
        );
      } catch (error) {
        if (!isYardError(error, "not_found")) throw error;
      }
      return reply.code(204).send();
    },
  );
}

/** A narrowed key makes none that does more than itself. */
function permissionsFor(principal: Principal): readonly Permission[] {
  if (principal.credential.kind === "token") return keyPermissions;
  return keyPermissions.filter((permission) => mayDo(principal, permission));
}

function keyToWire(key: TeamKey, teamId: string) {
  return {
    ...fieldsToWire(key, teamId),
    ...(key.creatorEmail !== null && { creator_email: key.creatorEmail }),
    ...(key.lastUsedAt !== null && { last_used: timeToWire(key.lastUsedAt) }),
  };
}

function fieldsToWire({ id, name, prefix, userId, createdAt }: Omit<TeamKey, "creatorEmail">, teamId: string) {
  return {
    id: idToWire("key", id),
    team_id: idToWire("team", teamId),
    name,
    key_prefix: prefix,
    created_by: idToWire("user", userId),
    created_at: timeToWire(createdAt),
  };
}
