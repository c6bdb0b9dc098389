import type { CreateTableBuilder } from "kysely";
import { sql } from "kysely";
import type { Migration, MigrationTransaction } from "../migrate.ts";
import { createTools, type Tools } from "./tools.ts";

/** The queue of tasks, those that are over, and the workers. */
export const tasks: Migration = {
  name: "0008-tasks",
  async up(db, dialect) {
    const tools = createTools(db, dialect);
    await createTasks(db, tools);
    await createEndedTasks(db, tools);
    await createQueues(tools);
    await createSubmissions(tools);
    await createWorkers(tools);
  },
};

/** Of every task, over or not. */
function withTaskColumns<Name extends string>(
  tasks: CreateTableBuilder<Name, string>,
  { text, time, count }: Tools,
): CreateTableBuilder<Name, string> {
  return tasks
    .addColumn("uuid", text, (column) => column.notNull())
    .addColumn("team_id", text, (column) => column.notNull())
    .addColumn("number", count, (column) => column.notNull())
    .addColumn("creator_id", text, (column) => column.notNull())
    .addColumn("creator_name", text, (column) => column.notNull())
    .addColumn("state", text, (column) => column.notNull())
    .addColumn("queue_id", count, (column) => column.notNull())
    .addColumn("priority", "integer", (column) => column.notNull())
    .addColumn("timeout_seconds", count, (column) => column.notNull())
    .addColumn("spec", text, (column) => column.notNull())
    .addColumn("labels", text, (column) => column.notNull())
    .addColumn("attempts", "integer", (column) => column.notNull())
    .addColumn("upstream_uuid", text)
    .addColumn("downstream_uuid", text)
    .addColumn("created_at", time, (column) => column.notNull())
    .addColumn("updated_at", time, (column) => column.notNull());
}

async function createTasks(db: MigrationTransaction, tools: Tools): Promise<void> {
  await tools.table("tasks", (table) =>
    withTaskColumns(table.addColumn("id", tools.sequence), tools).addColumn("worker_uuid", tools.text),
  );
  await tools.unique("tasks", "uuid");
  await tools.index("tasks", "team_id", "id");
  // A claim reads the first entries of the queues that fit, however many follow.
  await sql`create index tasks_ready on tasks (queue_id, priority desc, id) where state = 'ready'`.execute(db);
  await sql`create index tasks_held on tasks (worker_uuid) where worker_uuid is not null`.execute(db);
  await sql`create index tasks_pending on tasks (queue_id) where state = 'pending'`.execute(db);
}

/** Each index ends with the id, so that what it finds is in the order that lists have. What nearly all tasks have in common is not worth an entry
 *  in each: an exit with 0, the usual priority. */
async function createEndedTasks(db: MigrationTransaction, tools: Tools): Promise<void> {
  const { text, count } = tools;
  await tools.table("ended_tasks", (table) =>
    withTaskColumns(
      table.addColumn("id", count, (column) => column.primaryKey()),
      tools,
    )
      .addColumn("wait_status", "integer", (column) => column.notNull())
      .addColumn("reason", text)
      .addColumn("reporter_uuid", text),
  );
  await tools.unique("ended_tasks", "uuid");
  await tools.index("ended_tasks", "team_id", "id");
  await tools.index("ended_tasks", "queue_id", "id");
  await tools.index("ended_tasks", "team_id", "creator_name", "id");
  await tools.index("ended_tasks", "reporter_uuid", "id");
  await sql`create index ended_tasks_cancelled on ended_tasks (team_id, id) where state = 'cancelled'`.execute(db);
  await sql`create index ended_tasks_failed on ended_tasks (team_id, wait_status, id) where wait_status <> 0`.execute(
    db,
  );
  await sql`create index ended_tasks_ranked on ended_tasks (team_id, priority, id) where priority <> 0`.execute(db);
  await tools.table("task_labels", (labels) =>
    labels
      .addColumn("team_id", text, (column) => column.notNull())
      .addColumn("label", text, (column) => column.notNull())
      .addColumn("task_id", count, (column) => column.notNull())
      .addPrimaryKeyConstraint("task_labels_primary", ["team_id", "label", "task_id"] as never),
  );
  await tools.index("task_labels", "task_id");
}

async function createQueues({ table, index, text, time, count, sequence }: Tools): Promise<void> {
  await table("task_queues", (queues) =>
    queues
      .addColumn("id", sequence)
      .addColumn("team_id", text, (column) => column.notNull())
      .addColumn("tags", text, (column) => column.notNull())
      .addColumn("opened", count)
      .addColumn("used_at", time, (column) => column.notNull())
      .addUniqueConstraint("task_queues_team_id_tags", ["team_id", "tags"] as never),
  );
  await index("task_queues", "opened");
  await table("task_queue_tags", (tags) =>
    tags
      .addColumn("team_id", text, (column) => column.notNull())
      .addColumn("tag", text, (column) => column.notNull())
      .addColumn("queue_id", count, (column) => column.notNull().references("task_queues.id").onDelete("cascade"))
      .addPrimaryKeyConstraint("task_queue_tags_primary", ["team_id", "tag", "queue_id"] as never),
  );
  await index("task_queue_tags", "queue_id");
}

async function createSubmissions({ table, index, text, time, count }: Tools): Promise<void> {
  await table("task_counters", (counters) =>
    counters
      .addColumn("team_id", text, (column) => column.primaryKey())
      .addColumn("last_number", count, (column) => column.notNull()),
  );
  await table("task_submissions", (submissions) =>
    submissions
      .addColumn("user_id", text, (column) => column.notNull())
      .addColumn("key", text, (column) => column.notNull())
      .addColumn("digest", text, (column) => column.notNull())
      .addColumn("task_uuid", text, (column) => column.notNull())
      .addColumn("created_at", time, (column) => column.notNull())
      .addPrimaryKeyConstraint("task_submissions_primary", ["user_id", "key"] as never),
  );
  await index("task_submissions", "created_at");
}

async function createWorkers({ table, unique, index, text, time, count }: Tools): Promise<void> {
  await table("task_workers", (workers) =>
    workers
      .addColumn("uuid", text, (column) => column.primaryKey())
      .addColumn("creator_id", text, (column) => column.notNull())
      .addColumn("creator_name", text, (column) => column.notNull())
      .addColumn("credential_hash", text, (column) => column.notNull())
      .addColumn("expires_at", time, (column) => column.notNull())
      .addColumn("tags", text, (column) => column.notNull())
      .addColumn("labels", text, (column) => column.notNull())
      .addColumn("state", text, (column) => column.notNull())
      .addColumn("lease_ms", count, (column) => column.notNull())
      .addColumn("lease_until", time, (column) => column.notNull())
      .addColumn("heard_at", time, (column) => column.notNull())
      .addColumn("revision", count, (column) => column.notNull())
      .addColumn("created_at", time, (column) => column.notNull())
      .addColumn("updated_at", time, (column) => column.notNull()),
  );
  await unique("task_workers", "credential_hash");
  await index("task_workers", "lease_until");
  await table("task_worker_teams", (teams) =>
    teams
      .addColumn("worker_uuid", text, (column) => column.notNull().references("task_workers.uuid").onDelete("cascade"))
      .addColumn("team_id", text, (column) => column.notNull())
      .addColumn("role", text, (column) => column.notNull())
      .addPrimaryKeyConstraint("task_worker_teams_primary", ["team_id", "worker_uuid"] as never),
  );
  await index("task_worker_teams", "worker_uuid");
}
