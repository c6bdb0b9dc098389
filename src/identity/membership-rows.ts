/** Reading teams and members by their ids. */
import { type Kysely, sql } from "kysely";
import type { Schema } from "../platform/db/schema.ts";
import { YardError } from "../platform/errors.ts";
import type { Membership, TeamFacts, TeamMember, TeamRole } from "./identity.ts";
import type { StoredTeam } from "./team-rows.ts";

/** More members, or memberships, than any list shows. */
const mostListed = 10_000;
/** Members from before it was kept have joined when the team began. */
const joinedAt = sql<number>`coalesce(team_members.joined_at, teams.created_at)`;

/** @throws {YardError} not_found */
export async function requireTeamById(db: Kysely<Schema>, teamId: string): Promise<StoredTeam> {
  const team = await db.selectFrom("teams").selectAll().where("id", "=", teamId).executeTakeFirst();
  if (team) return team;
  throw new YardError("not_found", "There is no such team, or it was deleted.", { field: "team" });
}

export async function roleIn(db: Kysely<Schema>, teamId: string, userId: string): Promise<TeamRole | undefined> {
  const member = await db
    .selectFrom("team_members")
    .select("role")
    .where("team_id", "=", teamId)
    .where("user_id", "=", userId)
    .executeTakeFirst();
  return member?.role;
}

export async function membershipsOf(db: Kysely<Schema>, userId: string): Promise<readonly Membership[]> {
  const rows = await db
    .selectFrom("team_members")
    .innerJoin("teams", "teams.id", "team_members.team_id")
    .selectAll("teams")
    .select("team_members.role")
    .where("team_members.user_id", "=", userId)
    .orderBy(joinedAt)
    .orderBy("teams.id")
    .limit(mostListed)
    .execute();
  return rows.map((row) => ({ ...toFacts(row), role: row.role, isPersonal: row.personal_of === userId }));
}

export async function membersOf(db: Kysely<Schema>, teamId: string): Promise<readonly TeamMember[]> {
  return (await readMembers(db, teamId).orderBy(joinedAt).orderBy("users.id").limit(mostListed).execute()).map(
    toMember,
  );
}

export async function memberOf(db: Kysely<Schema>, teamId: string, userId: string): Promise<TeamMember> {
  return toMember(await readMembers(db, teamId).where("users.id", "=", userId).executeTakeFirstOrThrow());
}

function readMembers(db: Kysely<Schema>, teamId: string) {
  return db
    .selectFrom("team_members")
    .innerJoin("teams", "teams.id", "team_members.team_id")
    .innerJoin("users", "users.id", "team_members.user_id")
    .select(["users.id", "users.username", "users.display_name", "users.email", "team_members.role"])
    .select(joinedAt.as("joinedAt"))
    .where("team_members.team_id", "=", teamId);
}

interface MemberRow {
  readonly id: string;
  readonly username: string;
  readonly display_name: string;
  readonly email: string | null;
  readonly role: TeamRole;
  readonly joinedAt: number;
}

function toMember({ id, display_name, username, ...row }: MemberRow): TeamMember {
  return { ...row, userId: id, username, displayName: display_name || username };
}

export function toFacts({ id, name, display_name, is_byoc, created_at }: StoredTeam): TeamFacts {
  return { id, name, displayName: display_name ?? name, isByoc: is_byoc === 1, createdAt: created_at };
}
