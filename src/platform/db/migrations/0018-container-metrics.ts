import { sql } from "kysely";
import type { Migration } from "../migrate.ts";
import { createTools, type Tools } from "./tools.ts";

/** What containers use, which of them run, and the rules by which somebody is told of it. */
export const containerMetrics: Migration = {
  name: "0018-container-metrics",
  async up(db, dialect) {
    const tools = createTools(db, dialect);
    await createMetrics(tools);
    await createAlerts(tools);
    for (const { name, metric, threshold, seconds, severity } of builtInRules) {
      await sql`insert into alert_rules
        (name, container_filter, metric, operator, threshold, duration_seconds, severity, is_built_in, created_at, updated_at)
        values (${name}, '*', ${metric}, 'gt', ${threshold}, ${seconds}, ${severity}, 1, 0, 0)`.execute(db);
    }
  },
};

/** As a new yard has them; people change them. */
const builtInRules = [
  { name: "CPU is high", metric: "cpu_percent", threshold: 90, seconds: 300, severity: "warning" },
  { name: "CPU is very high", metric: "cpu_percent", threshold: 98, seconds: 900, severity: "critical" },
  { name: "Memory is high", metric: "mem_percent", threshold: 85, seconds: 300, severity: "warning" },
  { name: "Memory is nearly used up", metric: "mem_percent", threshold: 95, seconds: 60, severity: "critical" },
] as const;

async function createMetrics({ table, index, text, time, count, flag, real }: Tools): Promise<void> {
  await table("container_metrics", (metrics) =>
    metrics
      .addColumn("host_id", text, (column) => column.notNull())
      .addColumn("container_name", text, (column) => column.notNull())
      .addColumn("resolution", text, (column) => column.notNull())
      .addColumn("at", time, (column) => column.notNull())
      .addColumn("cpu_percent", real, (column) => column.notNull())
      .addColumn("memory_bytes", count, (column) => column.notNull())
      .addColumn("memory_limit_bytes", count, (column) => column.notNull())
      .addColumn("received_bytes", count, (column) => column.notNull())
      .addColumn("sent_bytes", count, (column) => column.notNull())
      .addColumn("read_bytes", count, (column) => column.notNull())
      .addColumn("written_bytes", count, (column) => column.notNull())
      .addPrimaryKeyConstraint("container_metrics_primary", ["host_id", "container_name", "resolution", "at"] as never),
  );
  await index("container_metrics", "resolution", "at");
  await table("container_states", (states) =>
    states
      .addColumn("host_id", text, (column) => column.notNull())
      .addColumn("container_name", text, (column) => column.notNull())
      .addColumn("is_running", flag, (column) => column.notNull())
      .addColumn("has_run", flag, (column) => column.notNull())
      .addColumn("since", time, (column) => column.notNull())
      .addPrimaryKeyConstraint("container_states_primary", ["host_id", "container_name"] as never),
  );
}

async function createAlerts({ table, index, text, time, count, flag, real, sequence }: Tools): Promise<void> {
  await table("alert_rules", (rules) =>
    rules
      .addColumn("id", sequence)
      .addColumn("name", text, (column) => column.notNull())
      .addColumn("container_filter", text, (column) => column.notNull())
      .addColumn("metric", text, (column) => column.notNull())
      .addColumn("operator", text, (column) => column.notNull())
      .addColumn("threshold", real, (column) => column.notNull())
      .addColumn("duration_seconds", count, (column) => column.notNull())
      .addColumn("cooldown_seconds", count, (column) => column.notNull().defaultTo(300))
      .addColumn("severity", text, (column) => column.notNull())
      .addColumn("channel_ids", text, (column) => column.notNull().defaultTo("[]"))
      .addColumn("is_enabled", flag, (column) => column.notNull().defaultTo(1))
      .addColumn("is_built_in", flag, (column) => column.notNull().defaultTo(0))
      .addColumn("muted_until", time)
      .addColumn("last_fired_at", time)
      .addColumn("last_resolved_at", time)
      .addColumn("created_at", time, (column) => column.notNull())
      .addColumn("updated_at", time, (column) => column.notNull()),
  );
  await table("alert_states", (states) =>
    states
      .addColumn("rule_id", count, (column) => column.notNull().references("alert_rules.id").onDelete("cascade"))
      .addColumn("host_id", text, (column) => column.notNull())
      .addColumn("container_name", text, (column) => column.notNull())
      .addColumn("is_firing", flag, (column) => column.notNull())
      .addColumn("fired_at", time, (column) => column.notNull())
      .addPrimaryKeyConstraint("alert_states_primary", ["rule_id", "host_id", "container_name"] as never),
  );
  await table("alert_history", (history) =>
    history
      .addColumn("id", sequence)
      .addColumn("rule_id", count, (column) => column.notNull())
      .addColumn("rule_name", text, (column) => column.notNull())
      .addColumn("host_id", text, (column) => column.notNull())
      .addColumn("container_name", text, (column) => column.notNull())
      .addColumn("status", text, (column) => column.notNull())
      .addColumn("message", text, (column) => column.notNull())
      .addColumn("value", real, (column) => column.notNull())
      .addColumn("threshold", real, (column) => column.notNull())
      .addColumn("at", time, (column) => column.notNull()),
  );
  await index("alert_history", "at");
}
