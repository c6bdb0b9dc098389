/** Whose rows are asked for, of all whose rows somebody sees. */
import { YardError } from "../../../platform/errors.ts";
import type { TeamSeen, Viewer } from "../access.ts";

/** @param name of one; absent: all @throws {YardError} invalid (`team`) */
export function teamsAsked({ teams }: Viewer, name: string | undefined): readonly TeamSeen[] {
  const all = [...teams.values()];
  if (name === undefined || name === "") return all;
  const one = all.find((team) => team.name === name);
  if (one) return [one];
  throw new YardError("invalid", `You are in no team ${JSON.stringify(name)}`, { field: "team" });
}
