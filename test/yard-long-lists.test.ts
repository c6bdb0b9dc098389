/** What people look through lists by is found by an index, on both databases: so a page, a count and a search take as long however much has gathered that is over. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { CompiledQuery, type RootOperationNode, sql } from "kysely";
import { createCapsuleBrowser } from "../src/capsules/browse.ts";
import { capsuleStatuses } from "../src/capsules/capsule.ts";
import type { Database } from "../src/platform/db/database.ts";
import type { Schema } from "../src/platform/db/schema.ts";
import { eachDialect, type TestDatabase } from "../src/platform/db/testing.ts";
import { createExecutionBrowser } from "../src/scripts/browse.ts";
import { createTaskBrowser } from "../src/tasks/browse.ts";

const team = { id: "team_crew", name: "crew" };
const rows = 8_000;
const now = 1_800_000_000_000;
/** One in so many is not as the others are. */
const unusual = 100;
/** One of so many. */
const teamOf = (i: number) => (i % 20 === 0 ? team.id : `team_${i % 20}`);

const times = <Row>(make: (i: number) => Row) => Array.from({ length: rows }, (_, i) => make(i));

async function insert<Table extends "capsules" | "executions" | "ended_tasks">(
  { kysely }: Pick<Database, "kysely">,
  table: Table,
  all: readonly Schema[Table][],
): Promise<void> {
  for (let start = 0; start < all.length; start += 500) {
    await kysely
      .insertInto(table)
      .values(all.slice(start, start + 500) as never)
      .execute();
  }
}

async function fill(database: TestDatabase): Promise<void> {
  await insert(
    database,
    "capsules",
    times((i) => ({
      ...{ id: `capsule_${String(i).padStart(26, "0")}`, team_id: teamOf(i), template: "minimal", driver: "namespace" },
      ...{ vcpus: 1, memory_mb: 512, disk_mb: 300, idle_timeout_seconds: 0, host_id: "host_a", keeps: "frozen" },
      ...{ status: i % unusual === 0 ? "running" : "stopped", created_at: now, updated_at: now - i * 60_000 },
      ...{ started_at: null, last_active_at: null, reason: null },
    })),
  );
  await insert(
    database,
    "executions",
    times((i) => ({
      ...{ id: randomUUID(), team_id: teamOf(i), status: i % unusual === 0 ? "failed" : "completed" },
      ...{ created_at: now - i, ended_at: now - i, queued_ms: 1, run_ms: 1, error: null, result: null, lost: null },
      ...{ session: i % unusual === 0 ? "one" : null, heap_in: null, heap_out: null, fs_out: null },
      ...{ instance_id: null, cancel_requested_at: null },
    })),
  );
  await insert(
    database,
    "ended_tasks",
    times((i) => ({
      ...{
        id: i + 1,
        uuid: randomUUID(),
        team_id: teamOf(i),
        number: i + 1,
        creator_id: "user_ada",
        creator_name: "ada",
      },
      ...{ queue_id: 1, priority: 0, timeout_seconds: 60, spec: "{}", labels: "[]", attempts: 1, state: "finished" },
      ...{ upstream_uuid: null, downstream_uuid: null, reason: null, reporter_uuid: null },
      ...{ wait_status: i % unusual === 0 ? 256 : 0, created_at: now, updated_at: now - i * 60_000 },
    })),
  );
  if (database.dialect === "postgres") await sql`analyze`.execute(database.kysely); // it goes by what it knows of the rows; SQLite never does
}

/** What a database does for what is asked of it, one line for each step. */
async function plansOf(database: TestDatabase, ask: (watched: Database) => Promise<unknown>): Promise<string> {
  const asked: RootOperationNode[] = [];
  const watched = database.kysely.withPlugin({
    transformQuery({ node }) {
      asked.push(node);
      return node;
    },
    transformResult: async ({ result }) => result,
  });
  await ask({ ...database, kysely: watched });
  const explain = database.dialect === "sqlite" ? "explain query plan" : "explain";
  const plans = asked.map(async (node) => {
    const query = database.kysely.getExecutor().compileQuery(node, { queryId: randomUUID() });
    const explained = CompiledQuery.raw(`${explain} ${query.sql}`, [...query.parameters]);
    const { rows: steps } = await database.kysely.executeQuery<Record<string, unknown>>(explained);
    return steps.map((step) => String(step.detail ?? step["QUERY PLAN"]));
  });
  return (await Promise.all(plans)).flat().join("\n");
}

/** Of two indexes with those alone that are not over; where they are few either will do. */
const alive = /capsules_(?:alive|on_host)/;

/** By what is asked: the indexes that find it. */
const questions: Readonly<
  Record<string, { ask(database: Database): Promise<unknown>; readonly by: readonly RegExp[] }>
> = {
  "capsules that are not over": {
    ask: (database) => createCapsuleBrowser(database).page({ teamIds: [team.id], from: undefined, limit: 20 }),
    by: [alive],
  },
  "all capsules": {
    ask: (database) =>
      createCapsuleBrowser(database).page({
        ...{ teamIds: [team.id], statuses: capsuleStatuses, from: undefined, limit: 20 },
      }),
    by: [/capsules_team_id_id|capsules_pkey/],
  },
  "counts of capsules": {
    ask: (database) => createCapsuleBrowser(database).counts([team.id]),
    by: [alive],
  },
  "capsules in trouble": {
    ask: (database) => createCapsuleBrowser(database).troubled([team.id], now - 600_000),
    by: [alive, /capsules_over/],
  },
  executions: {
    ask: (database) => createExecutionBrowser(database).page({ teamId: team.id, from: undefined, limit: 20 }),
    by: [/executions_team_id_created_at/],
  },
  "executions that failed": {
    ask: (database) =>
      createExecutionBrowser(database).page({
        ...{ teamId: team.id, statuses: ["failed", "running"], from: undefined, limit: 20 },
      }),
    by: [/executions_unusual/],
  },
  "executions of a session": {
    ask: (database) =>
      createExecutionBrowser(database).page({ teamId: team.id, session: "one", from: undefined, limit: 20 }),
    by: [/executions_of_session/],
  },
  "executions that run": {
    ask: (database) => createExecutionBrowser(database).running(team.id),
    by: [/executions_ended_at/],
  },
  "executions by their id": {
    ask: (database) => createExecutionBrowser(database).withId(team.id, "0123456789ab", 20),
    by: [/sqlite_autoindex_executions_1|executions_pkey/],
  },
  tasks: {
    ask: (database) => createTaskBrowser(database).page({ teams: [team], from: undefined, limit: 10 }),
    by: [/ended_tasks_team_id_id|ended_tasks_pkey/],
  },
  "tasks that failed": {
    ask: (database) =>
      createTaskBrowser(database).page({ teams: [team], phases: ["failed"], from: undefined, limit: 10 }),
    by: [/ended_tasks_failed_by_age/],
  },
  "tasks that failed lately": {
    ask: (database) => createTaskBrowser(database).failedSince([team], now - 60_000, 20),
    by: [/ended_tasks_failed_lately/],
  },
  "tasks by their uuid": {
    ask: (database) => createTaskBrowser(database).withUuid([team], "0123456789ab", 20),
    by: [/ended_tasks_uuid_unique/],
  },
};

eachDialect("long lists", (open) => {
  test("are looked through by their indexes", async () => {
    await using database = await open();
    await fill(database);
    for (const [what, { ask, by }] of Object.entries(questions)) {
      const plan = await plansOf(database, ask);
      for (const index of by) assert.match(plan, index, `${what}:\n${plan}`);
      assert.doesNotMatch(
        plan,
        /Seq Scan on (?:capsules|executions|ended_tasks)|SCAN (?:capsules|executions|task)\b/,
        what,
      );
    }
  });
});
