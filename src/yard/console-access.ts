/** Who sees what in the lists: as the APIs decide that the rows come from. */
import { wirePermissions } from "../apis/dockmesh/permissions.ts";
import { createOwners } from "../apis/mcpv8/owners.ts";
import { taskCallerFor } from "../apis/mitosis/callers.ts";
import type { Access, TeamSeen, Viewer } from "../apis/yard/access.ts";
import type { Identity } from "../identity/identity.ts";
import type { Principal } from "../identity/principal.ts";
import type { TeamDirectory } from "../identity/team-directory.ts";

interface AccessSources {
  readonly identity: Pick<Identity, "teams">;
  readonly teamDirectory: TeamDirectory;
}

export function createAccess({ identity, teamDirectory }: AccessSources): Access {
  const owners = createOwners(identity.teams);
  /** As long as a principal is remembered, so is what it sees: both are forgotten when either changes. */
  const viewers = new WeakMap<Principal, Viewer>();

  async function find(principal: Principal): Promise<Viewer> {
    const [teams, ownTeamId] = await Promise.all([teamsOf(principal, teamDirectory), owners.teamOf(principal)]);
    const viewer = { principal, teams, ownTeamId, reach: { hostTags: principal.hostTags ?? [] } };
    viewers.set(principal, viewer);
    return viewer;
  }

  const engines = wirePermissions.read.grants;
  return {
    needs: {
      apps: ["apps.list"],
      tasks: ["tasks.view"],
      capsules: ["capsules.view"],
      executions: ["scripts.view"],
      containers: engines,
      stacks: engines,
      hosts: ["hosts.view"],
      events: wirePermissions["audit.read"].grants,
      alerts: wirePermissions["user.manage"].grants,
      users: ["users.list"],
    },
    viewer: async (principal) => viewers.get(principal) ?? find(principal),
  };
}

/** Tasks are their members' to see, and capsules too: of another team than the token's, once it is switched to. */
async function teamsOf(principal: Principal, directory: TeamDirectory): Promise<ReadonlyMap<string, TeamSeen>> {
  const { teams } = await taskCallerFor(principal, directory);
  const names = await directory.byIds(teams.keys());
  return new Map(
    [...teams].flatMap(([id, role]): [string, TeamSeen][] => {
      const team = names.get(id);
      return team ? [[id, { id, name: team.name, role }]] : [];
    }),
  );
}
