/** Who may do what with a team's tasks and workers: the caller's role in the team decides. */
import { YardError } from "../platform/errors.ts";
import type { TaskCaller, TeamRef, TeamRole } from "./task.ts";

const ranks: Readonly<Record<TeamRole, number>> = { viewer: 0, member: 1, admin: 2, owner: 3 };

export function isAtLeast(role: TeamRole | undefined, needed: TeamRole): boolean {
  return role !== undefined && ranks[role] >= ranks[needed];
}

/** All roles of that rank and above. */
export function rolesFrom(needed: TeamRole): readonly TeamRole[] {
  return (Object.keys(ranks) as TeamRole[]).filter((role) => isAtLeast(role, needed));
}

/** The teams in which the caller has that role or more. */
export function teamsOf(caller: TaskCaller, needed: TeamRole): readonly string[] {
  return [...caller.teams].filter(([, role]) => isAtLeast(role, needed)).map(([teamId]) => teamId);
}

/** @throws {YardError} not_found: to somebody who is no member the team does not exist; forbidden: the role is too low */
export function requireRole(caller: TaskCaller, team: TeamRef, needed: TeamRole): void {
  const role = caller.teams.get(team.id);
  if (role === undefined) throw new YardError("not_found", `There is no team ${team.name}.`, { field: "team" });
  if (isAtLeast(role, needed)) return;
  throw new YardError("forbidden", `A ${role} of ${team.name} may not do that: it takes the role ${needed}.`, {
    field: "team",
  });
}

/** @param field `team` for a task of a team that the caller is not in: an API whose clients know those two apart may look at it */
export function noSuchTask(uuid: string, field: "task" | "team" = "task"): YardError {
  return new YardError("not_found", `There is no task ${JSON.stringify(uuid.slice(0, 80))}.`, { field });
}
