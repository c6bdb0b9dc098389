import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { sql } from "kysely";
import { temporaryDirectory } from "../../testing/temporary-directory.ts";
import { openDatabase } from "../database.ts";
import { migrations } from "./index.ts";

test("a yard from before keeps its users, roles and sessions, and its keys get numbers in the order in which they were made", async () => {
  using directory = temporaryDirectory();
  const options = { dialect: "sqlite", path: join(directory.path, "old.db") } as const;
  const older = migrations.slice(
    0,
    migrations.findIndex(({ name }) => name === "0015-dockmesh-accounts"),
  );
  {
    await using before = await openDatabase(options, { migrations: older });
    const { kysely } = before;
    // Today's row types know columns that were not there.
    await sql`insert into users (id, username, username_key, display_name, state, totp_enabled, totp_last_step, exec_user,
      token_epoch, is_retired, created_at, updated_at)
      values ('user_1', 'ada', 'ada', '', 'active', 0, 0, '', 0, 0, 1, 1)`.execute(kysely);
    await sql`insert into sessions (id, user_id, audience, api, created_at, expires_at)
      values ('ses_1', 'user_1', 'runyard', 'test', 1, 9)`.execute(kysely);
    for (const [id, at] of [
      ["key_b", 5],
      ["key_a", 7],
    ] as const)
      await sql`insert into api_keys (id, user_id, name, hash, prefix, created_at)
        values (${id}, 'user_1', 'ci', ${id}, 'ry_', ${at})`.execute(kysely);
  }
  await using now = await openDatabase(options);
  const { kysely } = now;
  assert.equal((await kysely.selectFrom("users").select("host_tags").executeTakeFirst())?.host_tags, null);
  assert.equal((await kysely.selectFrom("sessions").select("idle_ms").executeTakeFirst())?.idle_ms, null);
  const numbers = await kysely.selectFrom("api_key_numbers").select(["key_id", "number"]).orderBy("number").execute();
  assert.deepEqual(
    numbers.map(({ key_id, number }) => [key_id, number]),
    [
      ["key_b", 1],
      ["key_a", 2],
    ],
  );
});
