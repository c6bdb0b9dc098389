/** The team that operations name by its id, which has to be the one that the token is for: whoever is in another switches first. */
import type { Memberships, TeamMember } from "../../identity/identity.ts";
import type { TeamDirectory } from "../../identity/team-directory.ts";
import { YardError } from "../../platform/errors.ts";
import type { ApiRequest } from "../../platform/http/api.ts";
import { principalOf } from "./guards.ts";
import { idFromWire } from "./ids.ts";

export interface OwnTeam {
  /** Whether there is such a team comes later. @returns its id @throws {YardError} invalid, forbidden */
  require(request: ApiRequest, id: string): Promise<string>;
  /** Its members, for one of them. @throws {YardError} forbidden, for who was removed since the token was issued */
  members(request: ApiRequest, teamId: string): Promise<readonly TeamMember[]>;
}

export function createOwnTeam(directory: TeamDirectory, memberships: Memberships): OwnTeam {
  return {
    async require(request, id) {
      const asked = idFromWire("team", id);
      const { username, credential } = principalOf(request);
      // A token of another API's login is for the user's own team.
      const teamId = credential.teamId ?? (await directory.byName(username))?.id;
      if (asked === teamId) return asked;
      throw new YardError("forbidden", "Your token is for another team: switch to this one first.", { field: "id" });
    },

    async members(request, teamId) {
      const members = await memberships.members(teamId);
      if (members.some(({ userId }) => userId === principalOf(request).userId)) return members;
      throw new YardError("forbidden", "You are no member of this team any more.", { field: "id" });
    },
  };
}
