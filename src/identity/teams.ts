/** Teams: who shares what. Every user has a personal team of the same name; others are made as needed and keep at least one owner. */
import type { Kysely } from "kysely";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/db/database.ts";
import type { Schema, TeamMemberRow } from "../platform/db/schema.ts";
import { YardError } from "../platform/errors.ts";
import type { Changes } from "./changes.ts";
import type { Team, Teams } from "./identity.ts";
import { requireTeamName } from "./names.ts";
import { defaultStorageQuotaBytes, requireRoomForTeam } from "./quotas.ts";
import { createTeamMembers } from "./team-members.ts";
import { addTeam, removeTeam, requireTeam, type StoredTeam } from "./team-rows.ts";
import { requireRow } from "./user-rows.ts";

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
    ...createTeamMembers({ database, clock, changes }),

    async list() {
      const teams = await withCreators(db).orderBy("teams.name").limit(maxListed).execute();
      const members = Map.groupBy(await membersOf(db).execute(), (member) => member.team_id);
      return teams.map((team) => toTeam(team, members.get(team.id) ?? []));
    },

    async get(name) {
      return readTeam(db, (await requireTeam(db, name)).id);
    },

    async create(name, { userId }, { withinQuota = false } = {}) {
      requireTeamName(name);
      const team = await database.transaction(async (trx) => {
        if (withinQuota) await requireRoomForTeam(trx, userId);
        const now = clock.now();
        const team = await addTeam(trx, { name, personalOf: null, createdBy: userId, now });
        await trx
          .insertInto("team_members")
          .values({ team_id: team.id, user_id: userId, role: "owner", joined_at: now })
          .execute();
        return readTeam(trx, team.id);
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
          .values({ team_id: team.id, user_id: user.id, role, joined_at: clock.now() })
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

function withCreators(db: Kysely<Schema>) {
  return db
    .selectFrom("teams")
    .leftJoin("users", "users.id", "teams.created_by")
    .selectAll("teams")
    .select("users.username as creator");
}

async function readTeam(db: Kysely<Schema>, id: string): Promise<Team> {
  const team = await withCreators(db).where("teams.id", "=", id).executeTakeFirstOrThrow();
  return toTeam(team, await membersOf(db).where("team_id", "=", id).execute());
}

type WithCreator = StoredTeam & { readonly creator: string | null };
type MemberRow = Pick<TeamMemberRow, "role"> & { readonly username: string };

function toTeam(row: WithCreator, members: readonly MemberRow[]): Team {
  return {
    id: row.id,
    name: row.name,
    personalOf: row.personal_of,
    members: members.map(({ username, role }) => ({ username, role })),
    createdBy: row.creator,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    storageQuotaBytes: row.storage_quota_bytes ?? defaultStorageQuotaBytes,
  };
}
