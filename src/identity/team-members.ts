/** Changes of a team's members, many at once: all of them, or none. They may also be made in personal teams, by which a user shares what is there.
 *
 *  A team keeps an owner: where the last one would go, the first of its admins takes the place. */
import type { Kysely, Selectable } from "kysely";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/db/database.ts";
import type { Schema, TeamRow } from "../platform/db/schema.ts";
import { YardError } from "../platform/errors.ts";
import type { Changes } from "./changes.ts";
import type { Teams } from "./identity.ts";
import { isName, nameKey, requireAtMost } from "./names.ts";
import { requireTeam } from "./team-rows.ts";

const mostAtOnce = 1_000;

interface Member {
  readonly id: string;
  readonly username: string;
}

export interface TeamMemberParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly changes: Changes;
}

export function createTeamMembers(parts: TeamMemberParts): Pick<Teams, "setMembers" | "removeMembers"> {
  const { database, clock, changes } = parts;

  async function change(
    name: string,
    usernames: readonly string[],
    work: (trx: Kysely<Schema>, team: Selectable<TeamRow>, users: ReadonlyMap<string, Member>) => Promise<void>,
  ): Promise<void> {
    requireAtMost(usernames, "usernames", mostAtOnce);
    const users = await database.transaction(async (trx) => {
      const team = await requireTeam(trx, name);
      const users = await requireUsers(trx, usernames);
      await work(trx, team, users);
      await keepAnOwner(trx, team);
      await trx.updateTable("teams").set({ updated_at: clock.now() }).where("id", "=", team.id).execute();
      return users;
    });
    for (const { id } of users.values()) await changes.userChanged(id);
  }

  return {
    async setMembers(name, roles) {
      await change(name, [...roles.keys()], async (trx, team, users) => {
        for (const [username, role] of roles) {
          const user = users.get(nameKey(username))!;
          if (role === "admin" && (await isOwner(trx, team.id, user.id))) continue;
          requireNotTheirs(team, user);
          await trx
            .insertInto("team_members")
            .values({ team_id: team.id, user_id: user.id, role, joined_at: clock.now() })
            .onConflict((conflict) => conflict.columns(["team_id", "user_id"]).doUpdateSet({ role }))
            .execute();
        }
      });
    },

    async removeMembers(name, usernames) {
      await change(name, usernames, async (trx, team, users) => {
        for (const user of users.values()) requireNotTheirs(team, user);
        await trx
          .deleteFrom("team_members")
          .where("team_id", "=", team.id)
          .where(
            "user_id",
            "in",
            [...users.values()].map(({ id }) => id),
          )
          .execute();
      });
    },
  };
}

/** Those that there are, by their keys. @throws {YardError} invalid, naming one that there is not */
async function requireUsers(trx: Kysely<Schema>, names: readonly string[]): Promise<ReadonlyMap<string, Member>> {
  const keys = names.filter(isName).map(nameKey);
  const rows = await trx
    .selectFrom("users")
    .select(["id", "username", "username_key"])
    .where("username_key", "in", keys.length > 0 ? keys : [""])
    .execute();
  const users = new Map(rows.map((row) => [row.username_key, row]));
  const unknown = names.find((name) => !users.has(nameKey(name)));
  if (unknown === undefined) return users;
  throw new YardError("invalid", `There is no user ${JSON.stringify(unknown.slice(0, 80))}; nothing was changed.`, {
    field: "usernames",
  });
}

/** @throws {YardError} precondition, for the user whose personal team it is */
function requireNotTheirs(team: Selectable<TeamRow>, user: Member): void {
  if (team.personal_of !== user.id) return;
  throw new YardError("precondition", `${team.name} is the personal team of ${user.username}, who stays its owner.`, {
    field: "usernames",
  });
}

async function isOwner(trx: Kysely<Schema>, teamId: string, userId: string): Promise<boolean> {
  const member = await trx
    .selectFrom("team_members")
    .select("role")
    .where("team_id", "=", teamId)
    .where("user_id", "=", userId)
    .executeTakeFirst();
  return member?.role === "owner";
}

/** @throws {YardError} precondition, if there is no admin either: the change is rolled back */
async function keepAnOwner(trx: Kysely<Schema>, team: Selectable<TeamRow>): Promise<void> {
  const leaders = await trx
    .selectFrom("team_members")
    .select(["user_id", "role"])
    .where("team_id", "=", team.id)
    .where("role", "in", ["owner", "admin"])
    .orderBy("user_id") // ids begin with their time: the user who is here longest
    .execute();
  if (leaders.some(({ role }) => role === "owner")) return;
  const heir = leaders[0]?.user_id;
  if (heir === undefined)
    throw new YardError("precondition", `${team.name} would have no admin left. Make another member admin first.`, {
      field: "usernames",
    });
  await trx
    .updateTable("team_members")
    .set({ role: "owner" })
    .where("team_id", "=", team.id)
    .where("user_id", "=", heir)
    .execute();
}
