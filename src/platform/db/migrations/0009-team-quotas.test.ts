import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { sql } from "kysely";
import { temporaryDirectory } from "../../testing/temporary-directory.ts";
import { openDatabase } from "../database.ts";
import { migrations } from "./index.ts";

test("a yard from before gets to know who made its teams, and the role for tasks", async () => {
  using directory = temporaryDirectory();
  const options = { dialect: "sqlite", path: join(directory.path, "old.db") } as const;
  const older = migrations.slice(
    0,
    migrations.findIndex(({ name }) => name === "0009-team-quotas"),
  );
  {
    await using before = await openDatabase(options, { migrations: older });
    const { kysely } = before;
    // Today's row types know columns that were not there.
    await sql`insert into users (id, username, username_key, display_name, state, totp_enabled, totp_last_step, exec_user,
      token_epoch, created_at, updated_at) values ('user_1', 'ada', 'ada', '', 'active', 0, 0, '', 0, 1, 1)`.execute(
      kysely,
    );
    await sql`insert into teams (id, name, personal_of, created_at) values
      ('team_1', 'ada', 'user_1', 7), ('team_2', 'lab', null, 8), ('team_3', 'left', null, 9)`.execute(kysely);
    const owner = { team_id: "team_2", user_id: "user_1", role: "owner" as const };
    await kysely.insertInto("team_members").values(owner).execute();
    await kysely.insertInto("roles").values({ name: "view", permissions: "[]", updated_at: 3 }).execute();
  }
  await using now = await openDatabase(options);
  const teams = await now.kysely.selectFrom("teams").select(["name", "created_by", "updated_at"]).execute();
  assert.deepEqual(
    teams.map(({ name, created_by, updated_at }) => [name, created_by, updated_at]),
    [
      ["ada", "user_1", 7],
      ["lab", "user_1", 8],
      ["left", null, 9],
    ],
  );
  const users = await now.kysely.selectFrom("users").select(["is_retired", "team_quota"]).execute();
  assert.deepEqual({ ...users[0] }, { is_retired: 0, team_quota: null });
  const roles = await now.kysely.selectFrom("roles").selectAll().orderBy("name").execute();
  assert.deepEqual(
    roles.map(({ name }) => name),
    ["capsules", "tasks", "view"], // a later migration brings the first
  );
  assert.match(roles[1]?.permissions ?? "", /"tasks\.submit"/);
});
