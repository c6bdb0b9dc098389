/** `/workers/{uuid}/groups`: whom a worker serves, and who may command it. It acts at the worker's next fetch. */
import { Type } from "typebox";
import type { TeamDirectory } from "../../../identity/team-directory.ts";
import { YardError } from "../../../platform/errors.ts";
import type { ApiInstance, ApiRequest } from "../../../platform/http/api.ts";
import type { TaskCaller, TeamRole } from "../../../tasks/task.ts";
import type { WorkerTeams } from "../../../tasks/workers.ts";
import { callerOf, principalOf } from "../callers.ts";
import { bodyStatuses, errorReplies } from "../errors.ts";
import type { Groups } from "../groups.ts";
import { outsider } from "../outsiders.ts";
import type { MitosisParts } from "../parts.ts";
import { NameList, NoContent, namesFromQuery, userSecurity, uuidFromWire } from "../schemas.ts";
import { requireItems } from "../task-words.ts";
import { roleFromWire } from "../team-roles.ts";
import type { Toolbox } from "../toolbox.ts";
import { GroupsRequest, WorkerPath } from "../worker-schemas.ts";

const about = { tags: ["Workers"], security: userSecurity, params: WorkerPath };
type Parts = Pick<MitosisParts, "workers" | "teamDirectory">;

export function registerWorkerGroups(app: ApiInstance, parts: Parts, toolbox: Toolbox): void {
  registerGrants(app, parts, toolbox);
  registerRemoval(app, parts, toolbox);
}

function registerGrants(app: ApiInstance, { workers }: Parts, { guards, groups, trail }: Toolbox): void {
  app.put(
    "/workers/:uuid/groups",
    {
      onRequest: guards.user("workers.control"),
      schema: {
        ...about,
        operationId: "updateWorkerGroups",
        summary: "Let groups see, use or command a worker",
        description: "Groups that the caller may submit to; those that are not named stay as they are.",
        body: GroupsRequest,
        response: { 200: NoContent, ...errorReplies(...bodyStatuses, 401, 403, 404, 503) },
      },
    },
    async (request, reply) => {
      const uuid = uuidFromWire(request.params.uuid);
      const caller = callerOf(request);
      const { relations } = request.body;
      const teams = await grantsFromWire(relations, caller, groups);
      const what = { action: "worker.grant", target: uuid, details: { groups: relations } };
      await trail.change(request, principalOf(request), what, () =>
        workers.setTeams(caller, uuid, teams).catch(outsider("forbidden")),
      );
      return reply.code(200).send();
    },
  );
}

/** @throws {YardError} invalid: a group that the caller is not in */
async function grantsFromWire(
  relations: Readonly<Record<string, string>>,
  caller: TaskCaller,
  groups: Groups,
): Promise<WorkerTeams> {
  const names = requireItems(Object.keys(relations), "relations");
  const teams = new Map<string, TeamRole>();
  for (const name of names) {
    const team = await groups.require(caller, name, "argument");
    teams.set(team.id, roleFromWire(relations[name]!) ?? "viewer");
  }
  return teams;
}

const RemovalQuery = Type.Object({ groups: NameList("Names of the groups: with commas, or as a key for each") });
const RemovalBody = Type.Object({ groups: Type.Array(Type.String()) });

function registerRemoval(app: ApiInstance, parts: Parts, toolbox: Toolbox): void {
  const { guards } = toolbox;
  const remove = createRemoval(parts, toolbox);

  app.delete(
    "/workers/:uuid/groups",
    {
      onRequest: guards.user("workers.control"),
      schema: {
        ...about,
        operationId: "removeWorkerGroupsParams",
        summary: "Keep groups from a worker",
        querystring: RemovalQuery,
        response: { 200: NoContent, ...errorReplies(400, 401, 403, 404, 503) },
      },
    },
    async (request, reply) => {
      await remove(request, request.params.uuid, namesFromQuery(request.query.groups));
      return reply.code(200).send();
    },
  );

  app.delete(
    "/workers/:uuid/groups/remove",
    {
      onRequest: guards.user("workers.control"),
      config: { undocumented: "the same with a body, which the document does not know; some programs may" },
      schema: { hide: true, params: WorkerPath, body: RemovalBody },
    },
    async (request, reply) => {
      await remove(request, request.params.uuid, request.body.groups);
      return reply.code(200).send();
    },
  );
}

type Remove = (request: ApiRequest, uuid: string, names: readonly string[]) => Promise<void>;

function createRemoval({ workers, teamDirectory }: Parts, { trail }: Toolbox): Remove {
  return async (request, text, given) => {
    const uuid = uuidFromWire(text);
    const names = requireItems(given, "groups");
    const teamIds = await idsOf(names, teamDirectory);
    const what = { action: "worker.ungrant", target: uuid, details: { groups: names } };
    await trail.change(request, principalOf(request), what, () =>
      workers.removeTeams(callerOf(request), uuid, teamIds).catch(outsider("forbidden")),
    );
  };
}

/** Of whatever groups: a worker may be kept from those, too, that its owner is not in any more.
 *  @throws {YardError} invalid */
async function idsOf(names: readonly string[], directory: TeamDirectory): Promise<readonly string[]> {
  const teams = await directory.byNames(names);
  return names.map((name) => {
    const team = teams.get(name);
    if (team) return team.id;
    throw new YardError("invalid", `There is no group ${JSON.stringify(name.slice(0, 80))}.`, { field: "groups" });
  });
}
