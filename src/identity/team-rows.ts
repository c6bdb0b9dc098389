/** The moves between teams that come with a user: getting a personal team, joining by name, leaving. All inside a caller's transaction. */
import { type Kysely, type Selectable, sql } from "kysely";
import type { Schema, TeamRow } from "../platform/db/schema.ts";
import { YardError } from "../platform/errors.ts";
import { newId } from "../platform/ids.ts";
import { isName, nameKey, requireTeamName } from "./names.ts";
import { noteRemovedTeam } from "./removed-teams.ts";

export type StoredTeam = Selectable<TeamRow>;

interface NewTeam {
  /** The user whose personal team it is. */
  readonly personalOf: string | null;
  /** The user who makes it. */
  readonly createdBy: string;
  /** What it is shown as; null: its name. */
  readonly displayName?: string | null;
  readonly now: number;
}

/** @throws {YardError} not_found */
export async function requireTeam(db: Kysely<Schema>, name: string): Promise<StoredTeam> {
  const found = db.selectFrom("teams").selectAll().where("name", "=", name);
  const team = isName(name) ? await found.executeTakeFirst() : undefined;
  if (team) return team;
  throw new YardError("not_found", `There is no team ${JSON.stringify(name.slice(0, 80))}.`, { field: "team" });
}

/** @throws {YardError} conflict: names of teams are unique without regard to case, like those of users */
export async function addTeam(
  trx: Kysely<Schema>,
  { name, personalOf, createdBy, displayName = null, now }: Pick<StoredTeam, "name"> & NewTeam,
): Promise<StoredTeam> {
  if (await findTeam(trx, name))
    throw new YardError("conflict", `There is a team ${name} already. Choose another name.`, { field: "team" });
  const times = { created_at: now, updated_at: now };
  const owned = { personal_of: personalOf, created_by: createdBy, storage_quota_bytes: null };
  const team = { id: newId("team", now), name, display_name: displayName, is_byoc: 0, ...owned, ...times };
  await trx.insertInto("teams").values(team).execute();
  return team;
}

export async function addPersonalTeam(
  trx: Kysely<Schema>,
  { id, username, displayName }: { id: string; username: string; displayName?: string },
  now: number,
): Promise<void> {
  const team = await addTeam(trx, { name: username, personalOf: id, createdBy: id, displayName, now });
  await trx
    .insertInto("team_members")
    .values({ team_id: team.id, user_id: id, role: "owner", joined_at: now })
    .execute();
}

/** Makes the user a member of exactly these shared teams. Whoever comes first into a team that does not exist owns it. */
export async function setSharedTeams(
  trx: Kysely<Schema>,
  userId: string,
  names: readonly string[],
  now: number,
): Promise<void> {
  const wanted = new Set(names.map(nameKey));
  for (const team of await sharedTeamsOf(trx, userId)) {
    if (!wanted.has(nameKey(team.name))) await leave(trx, team.id, userId, now);
  }
  for (const name of names) await join(trx, userId, name, now);
}

/** Takes a user who is being deleted out of all teams, the personal one included. */
export async function leaveAllTeams(trx: Kysely<Schema>, userId: string, now: number): Promise<void> {
  for (const team of await sharedTeamsOf(trx, userId)) await leave(trx, team.id, userId, now);
  await trx.deleteFrom("team_members").where("user_id", "=", userId).execute();
  const personal = await trx.selectFrom("teams").select("id").where("personal_of", "=", userId).execute();
  for (const { id } of personal) await removeTeam(trx, id, now);
}

/** What it has elsewhere is cleared in the background. */
export async function removeTeam(trx: Kysely<Schema>, teamId: string, now: number): Promise<void> {
  await trx.deleteFrom("api_keys").where("team_id", "=", teamId).execute();
  await trx.deleteFrom("teams").where("id", "=", teamId).execute();
  await noteRemovedTeam(trx, teamId, now);
}

async function join(trx: Kysely<Schema>, userId: string, name: string, now: number): Promise<void> {
  requireTeamName(name);
  const existing = await findTeam(trx, name);
  if (existing?.personal_of === userId) return;
  if (existing && existing.personal_of !== null) {
    if (await isMember(trx, existing.id, userId)) return; // its user has let them in
    throw new YardError("conflict", `${existing.name} is the personal team of another user: nobody can join it.`, {
      field: "teams",
    });
  }
  const team = existing ?? (await addTeam(trx, { name, personalOf: null, createdBy: userId, now }));
  await trx
    .insertInto("team_members")
    .values({ team_id: team.id, user_id: userId, role: existing ? "member" : "owner", joined_at: now })
    .onConflict((conflict) => conflict.columns(["team_id", "user_id"]).doNothing())
    .execute();
}

async function isMember(trx: Kysely<Schema>, teamId: string, userId: string): Promise<boolean> {
  const found = trx.selectFrom("team_members").select("role").where("team_id", "=", teamId);
  return (await found.where("user_id", "=", userId).executeTakeFirst()) !== undefined;
}

/** The last owner hands the team to the next in rank; a team whose last member leaves ends. */
async function leave(trx: Kysely<Schema>, teamId: string, userId: string, now: number): Promise<void> {
  await trx.deleteFrom("team_members").where("team_id", "=", teamId).where("user_id", "=", userId).execute();
  const rank = sql<number>`case role when 'owner' then 0 when 'admin' then 1 when 'member' then 2 else 3 end`;
  const heir = await trx
    .selectFrom("team_members")
    .selectAll()
    .where("team_id", "=", teamId)
    .orderBy(rank)
    .orderBy("user_id")
    .executeTakeFirst();
  if (!heir) {
    await removeTeam(trx, teamId, now);
  } else if (heir.role !== "owner") {
    await trx
      .updateTable("team_members")
      .set({ role: "owner" })
      .where("team_id", "=", teamId)
      .where("user_id", "=", heir.user_id)
      .execute();
  }
}

function sharedTeamsOf(trx: Kysely<Schema>, userId: string): Promise<{ id: string; name: string }[]> {
  return trx
    .selectFrom("teams")
    .innerJoin("team_members", "team_members.team_id", "teams.id")
    .select(["teams.id", "teams.name"])
    .where("team_members.user_id", "=", userId)
    .where("teams.personal_of", "is", null)
    .execute();
}

export function findTeam(trx: Kysely<Schema>, name: string): Promise<StoredTeam | undefined> {
  return trx.selectFrom("teams").selectAll().where(sql<string>`lower(name)`, "=", nameKey(name)).executeTakeFirst();
}
