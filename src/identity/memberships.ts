/** Teams by their ids, led by one owner and by admins. They are the same teams that `teams.ts` knows by their names; those are unique and never change, so
 *  what people call a team is kept beside. */
import type { Kysely } from "kysely";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/db/database.ts";
import type { Schema } from "../platform/db/schema.ts";
import { YardError } from "../platform/errors.ts";
import type { Changes } from "./changes.ts";
import type { Memberships } from "./identity.ts";
import { memberOf, membershipsOf, membersOf, requireTeamById, roleIn, toFacts } from "./membership-rows.ts";
import { nameKey, requireText } from "./names.ts";
import { requireRoomForTeam } from "./quotas.ts";
import { freeTeamName } from "./team-names.ts";
import { addPersonalTeam, addTeam, removeTeam, type StoredTeam } from "./team-rows.ts";
import { requireRowById } from "./user-rows.ts";

const maxDisplayName = 128;

export interface MembershipParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly changes: Changes;
}

export function createMemberships({ database, clock, changes }: MembershipParts): Memberships {
  const db = database.kysely;

  /** Changes something in a team, if `by` may; whoever it concerns is looked at anew from then on. */
  async function change(
    teamId: string,
    { by, may, touches }: { by: string; may: readonly string[]; touches?: string },
    work: (trx: Kysely<Schema>, team: StoredTeam) => Promise<void>,
  ): Promise<void> {
    await database.transaction(async (trx) => {
      const team = await requireTeamById(trx, teamId);
      const role = await roleIn(trx, teamId, by);
      if (role === undefined || !may.includes(role)) throw mayNot(may);
      await work(trx, team);
      await trx.updateTable("teams").set({ updated_at: clock.now() }).where("id", "=", teamId).execute();
    });
    if (touches !== undefined) await changes.userChanged(touches);
  }

  async function expel(trx: Kysely<Schema>, teamId: string, userId: string): Promise<void> {
    const role = await roleIn(trx, teamId, userId);
    if (role === undefined) throw noMember();
    if (role === "owner") throw new YardError("forbidden", "The owner stays: delete the team instead.");
    // A key of theirs would be theirs to use again, should they ever be let in again.
    for (const table of ["team_members", "api_keys"] as const)
      await trx.deleteFrom(table).where("team_id", "=", teamId).where("user_id", "=", userId).execute();
  }

  return {
    ofUser: (userId) => membershipsOf(db, userId),
    team: async (teamId) => toFacts(await requireTeamById(db, teamId)),
    members: (teamId) => membersOf(db, teamId),

    async create(displayName, by) {
      requireText(displayName, "name", maxDisplayName);
      const now = clock.now();
      const team = await database.transaction(async (trx) => {
        await requireRoomForTeam(trx, by);
        const name = await freeTeamName(trx, displayName);
        const team = await addTeam(trx, { name, displayName, personalOf: null, createdBy: by, now });
        await trx
          .insertInto("team_members")
          .values({ team_id: team.id, user_id: by, role: "owner", joined_at: now })
          .execute();
        return team;
      });
      await changes.userChanged(by);
      return { ...toFacts(team), role: "owner", isPersonal: false };
    },

    async rename(teamId, displayName, by) {
      requireText(displayName, "name", maxDisplayName);
      await change(teamId, { by, may: leaders }, async (trx) => {
        await trx.updateTable("teams").set({ display_name: displayName }).where("id", "=", teamId).execute();
      });
    },

    async add(teamId, email, by) {
      const user = await db
        .selectFrom("users")
        .select("id")
        .where("email_key", "=", nameKey(email))
        .where("state", "!=", "deleted")
        .executeTakeFirst();
      await change(teamId, { by, may: leaders, touches: user?.id }, async (trx) => {
        if (!user) throw noAccount(email);
        if (await roleIn(trx, teamId, user.id))
          throw new YardError("conflict", "This user is a member already.", { field: "email" });
        await trx
          .insertInto("team_members")
          .values({ team_id: teamId, user_id: user.id, role: "member", joined_at: clock.now() })
          .onConflict((conflict) => conflict.columns(["team_id", "user_id"]).doNothing()) // of two at once
          .execute();
      });
      return memberOf(db, teamId, user!.id); // `change` refuses where there is none
    },

    async setRole(teamId, userId, role, by) {
      await change(teamId, { by, may: leaders, touches: userId }, async (trx) => {
        const held = await roleIn(trx, teamId, userId);
        if (held === undefined) throw noMember();
        if (held === "owner") throw new YardError("forbidden", "The owner's role stays what it is.");
        await trx
          .updateTable("team_members")
          .set({ role })
          .where("team_id", "=", teamId)
          .where("user_id", "=", userId)
          .execute();
      });
    },

    async remove(teamId, userId, by) {
      await change(teamId, { by, may: leaders, touches: userId }, (trx) => expel(trx, teamId, userId));
    },

    async leave(teamId, userId) {
      await change(teamId, { by: userId, may: everybody, touches: userId }, (trx) => expel(trx, teamId, userId));
    },

    async dissolve(teamId, by) {
      const members = await membersOf(db, teamId);
      await change(teamId, { by, may: ["owner"] }, async (trx, team) => {
        const now = clock.now();
        await trx.deleteFrom("team_members").where("team_id", "=", teamId).execute();
        await removeTeam(trx, teamId, now);
        if (team.personal_of === null) return;
        const { id, username } = await requireRowById(trx, team.personal_of);
        await addPersonalTeam(trx, { id, username, displayName: team.display_name ?? undefined }, now);
      });
      for (const { userId } of members) await changes.userChanged(userId);
    },

    async makeByoc(teamId) {
      await database.transaction(async (trx) => {
        await requireTeamById(trx, teamId);
        const changed = { is_byoc: 1, updated_at: clock.now() };
        await trx.updateTable("teams").set(changed).where("id", "=", teamId).execute();
      });
    },
  };
}

const leaders = ["owner", "admin"];
const everybody = ["owner", "admin", "member", "viewer"];

function mayNot(may: readonly string[]): YardError {
  const who = may === everybody ? "its members" : may === leaders ? "its owner and admins" : "its owner";
  return new YardError("forbidden", `Only ${who} may do this in a team.`);
}

function noMember(): YardError {
  return new YardError("not_found", "This user is no member of the team.", { field: "userId" });
}

function noAccount(email: string): YardError {
  return new YardError(
    "not_found",
    `There is no account with the e-mail address ${JSON.stringify(email.slice(0, 80))}.`,
    {
      field: "email",
    },
  );
}
