import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { sql } from "kysely";
import { temporaryDirectory } from "../../testing/temporary-directory.ts";
import { openDatabase } from "../database.ts";
import { migrations } from "./index.ts";

test("a yard from before keeps its teams and members, and gets the role for capsules", async () => {
  using directory = temporaryDirectory();
  const options = { dialect: "sqlite", path: join(directory.path, "old.db") } as const;
  const older = migrations.slice(
    0,
    migrations.findIndex(({ name }) => name === "0011-wrenn-accounts"),
  );
  {
    await using before = await openDatabase(options, { migrations: older });
    const { kysely } = before;
    // Today's row types know columns that were not there.
    await sql`insert into users (id, username, username_key, display_name, state, totp_enabled, totp_last_step, exec_user,
      token_epoch, is_retired, created_at, updated_at)
      values ('user_1', 'ada', 'ada', '', 'active', 0, 0, '', 0, 0, 1, 1)`.execute(kysely);
    await sql`insert into teams (id, name, created_at, updated_at) values ('team_1', 'lab', 7, 7)`.execute(kysely);
    await sql`insert into team_members (team_id, user_id, role) values ('team_1', 'user_1', 'owner')`.execute(kysely);
    await kysely.insertInto("roles").values({ name: "view", permissions: "[]", updated_at: 3 }).execute();
  }
  await using now = await openDatabase(options);
  const { kysely } = now;
  const team = await kysely.selectFrom("teams").select(["display_name", "is_byoc"]).executeTakeFirstOrThrow();
  assert.deepEqual({ ...team }, { display_name: null, is_byoc: 0 });
  assert.equal((await kysely.selectFrom("team_members").select("joined_at").executeTakeFirst())?.joined_at, null);
  const role = await kysely.selectFrom("roles").selectAll().where("name", "=", "capsules").executeTakeFirstOrThrow();
  assert.match(role.permissions, /"capsules\.run"/);
});
