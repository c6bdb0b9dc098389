/** The group that an operation names, and how each kind of operation refuses who is not in it. */
import type { TeamDirectory } from "../../identity/team-directory.ts";
import { YardError } from "../../platform/errors.ts";
import { requireRole } from "../../tasks/access.ts";
import type { TaskCaller, TeamRef } from "../../tasks/task.ts";

/** `apart`: 404 where there is no such group, 403 for who is not in it; `argument`: 400 for both; `forbidden`: 403 for both. */
export type Refusal = "apart" | "argument" | "forbidden";

export interface Groups {
  /** The group of that name, without one the caller's own. @throws {YardError} not_found, invalid or forbidden, as `refusal` says */
  require(caller: TaskCaller, name: string | null | undefined, refusal: Refusal): Promise<TeamRef>;
  /** The same, for what only members may do. @throws {YardError} also forbidden, for who may only look */
  requireMember(caller: TaskCaller, name: string | null | undefined, refusal: Refusal): Promise<TeamRef>;
}

export function createGroups(directory: TeamDirectory): Groups {
  const require: Groups["require"] = async (caller, name, refusal) => {
    const asked = name ?? caller.username;
    const team = await directory.byName(asked);
    if (team && caller.teams.has(team.id)) return team;
    throw refusalOf(asked.slice(0, 80), team !== undefined, refusal);
  };
  return {
    require,
    async requireMember(caller, name, refusal) {
      const team = await require(caller, name, refusal);
      requireRole(caller, team, "member");
      return team;
    },
  };
}

function refusalOf(name: string, exists: boolean, refusal: Refusal): YardError {
  const field = "group_name";
  const either = `There is no group ${JSON.stringify(name)}, or you are not in it.`;
  if (refusal === "argument") return new YardError("invalid", either, { field });
  if (refusal === "forbidden") return new YardError("forbidden", either, { field });
  if (exists) return new YardError("forbidden", `You are not in the group ${name}.`, { field });
  return new YardError("not_found", `There is no group ${JSON.stringify(name)}.`, { field });
}
