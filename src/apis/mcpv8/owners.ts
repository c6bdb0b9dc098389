/** Whose something is that a user makes here: this API knows no teams, so it is their personal one's. */
import type { Teams } from "../../identity/identity.ts";
import type { Principal } from "../../identity/principal.ts";

export interface Owners {
  /** The id of the user's personal team; at once if it is known. */
  teamOf(user: Pick<Principal, "userId" | "username">): string | Promise<string>;
}

const mostRemembered = 10_000;

/** A user has the same personal team for life, so it is looked up once. */
export function createOwners(teams: Pick<Teams, "get">): Owners {
  const remembered = new Map<string, string>();

  async function find({ userId, username }: Pick<Principal, "userId" | "username">): Promise<string> {
    const team = await teams.get(username);
    if (team.personalOf !== userId) throw new Error(`The team ${team.name} is not the personal one of ${userId}.`);
    if (remembered.size >= mostRemembered) remembered.clear();
    remembered.set(userId, team.id);
    return team.id;
  }

  return { teamOf: (user) => remembered.get(user.userId) ?? find(user) };
}
