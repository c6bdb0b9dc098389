/** Teams: who shares what. Every user has a personal team of the same name; others are made as needed and keep at least one owner. */
import type { Kysely, Selectable } from "kysely";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/db/database.ts";
import type { Schema, TeamMemberRow, TeamRow } from "../platform/db/schema.ts";
import { YardError } from "../platform/errors.ts";
import type { Changes } from "./changes.ts";
import type { Team, Teams } from "./identity.ts";
import { isName, requireTeamName } from "./names.ts";
import { addTeam, removeTeam } from "./team-rows.ts";
import { requireRow } from "./user-rows.ts";

type StoredTeam = Selectable<TeamRow>;
const maxListed = 10_000;

export function createTeams({
  database,
  clock,
  changes,
}: {
  database: Database;
  clock: Clock;
  changes: Changes;
}): Teams {
  const db = database.kysely;

  /** @throws {YardError} not_found, precondition (a personal team belongs to its user) */
  async function requireShared(trx: Kysely<Schema>, name: string): Promise<StoredTeam> {
    const team = await requireTeam(trx, name);
    if (team.personal_of === null) return team;
    throw new YardError("precondition", `${team.name} is the personal team of a user. Make another team to share.`, {
      field: "team",
    });
  }

  return {
    async list() {
      const teams = await db.selectFrom("teams").selectAll().orderBy("name").limit(maxListed).execute();
      const members = Map.groupBy(await membersOf(db).execute(), (member) => member.team_id);
      return teams.map((team) => toTeam(team, members.get(team.id) ?? []));
    },

    async get(name) {
      const team = await requireTeam(db, name);
      return toTeam(team, await membersOf(db).where("team_id", "=", team.id).execute());
    },

    async create(name, { userId }) {
      requireTeamName(name);
      const team = await database.transaction(async (trx) => {
        const team = await addTeam(trx, { name, personalOf: null, now: clock.now() });
        await trx.insertInto("team_members").values({ team_id: team.id, user_id: userId, role: "owner" }).execute();
        return toTeam(team, await membersOf(trx).where("team_id", "=", team.id).execute());
      });
      await changes.userChanged(userId);
      return team;
    },

    async setMember(name, username, role) {
      const userId = await database.transaction(async (trx) => {
        const team = await requireShared(trx, name);
        const user = await requireRow(trx, username);
        await trx
          .insertInto("team_members")
          .values({ team_id: team.id, user_id: user.id, role })
          .onConflict((conflict) => conflict.columns(["team_id", "user_id"]).doUpdateSet({ role }))
          .execute();
        await requireOwner(trx, team);
        return user.id;
      });
      await changes.userChanged(userId);
    },

    async removeMember(name, username) {
      const userId = await database.transaction(async (trx) => {
        const team = await requireShared(trx, name);
        const user = await requireRow(trx, username);
        const { numDeletedRows } = await trx
          .deleteFrom("team_members")
          .where("team_id", "=", team.id)
          .where("user_id", "=", user.id)
          .executeTakeFirstOrThrow();
        if (numDeletedRows === 0n)
          throw new YardError("not_found", `${user.username} is no member of ${team.name}.`, { field: "username" });
        await requireOwner(trx, team);
        return user.id;
      });
      await changes.userChanged(userId);
    },

    async delete(name) {
      const members = await database.transaction(async (trx) => {
        const team = await requireShared(trx, name);
        const members = await trx
          .deleteFrom("team_members")
          .where("team_id", "=", team.id)
          .returning("user_id")
          .execute();
        await removeTeam(trx, team.id, clock.now());
        return members;
      });
      for (const member of members) await changes.userChanged(member.user_id);
    },
  };
}

async function requireTeam(db: Kysely<Schema>, name: string): Promise<StoredTeam> {
  const team = isName(name)
    ? await db.selectFrom("teams").selectAll().where("name", "=", name).executeTakeFirst()
    : undefined;
  if (!team)
    throw new YardError("not_found", `There is no team ${JSON.stringify(name.slice(0, 80))}.`, { field: "team" });
  return team;
}

/** Called inside the transaction that changed the members: a team without an owner is rolled back. */
async function requireOwner(trx: Kysely<Schema>, team: StoredTeam): Promise<void> {
  const owners = await trx
    .selectFrom("team_members")
    .select("user_id")
    .where("team_id", "=", team.id)
    .where("role", "=", "owner")
    .limit(1)
    .execute();
  if (owners.length > 0) return;
  throw new YardError("precondition", `${team.name} would have no owner left. Make another member its owner first.`, {
    field: "team",
  });
}

function membersOf(db: Kysely<Schema>) {
  return db
    .selectFrom("team_members")
    .innerJoin("users", "users.id", "team_members.user_id")
    .select(["team_members.team_id", "users.username", "team_members.role"])
    .orderBy("users.username_key");
}

function toTeam(row: StoredTeam, members: readonly (Pick<TeamMemberRow, "role"> & { username: string })[]): Team {
  return {
    id: row.id,
    name: row.name,
    personalOf: row.personal_of,
    members: members.map(({ username, role }) => ({ username, role })),
  };
}
