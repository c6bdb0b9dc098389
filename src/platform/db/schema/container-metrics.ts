/** What containers use, which of them run, and the rules by which somebody is told of it. A container goes by its name: one that is made anew keeps its past. */
import type { Generated } from "kysely";

export interface ContainerMetricsTables {
  container_metrics: ContainerMetricsRow;
  container_states: ContainerStateRow;
  alert_rules: AlertRuleRow;
  alert_states: AlertStateRow;
  alert_history: AlertHistoryRow;
}

/** A sample, or the mean of those of a minute or an hour; counters are the highest of it. */
export interface ContainerMetricsRow {
  host_id: string;
  container_name: string;
  resolution: "raw" | "1m" | "1h";
  /** Of a mean, the beginning of its time. */
  at: number;
  /** Of one core. */
  cpu_percent: number;
  memory_bytes: number;
  memory_limit_bytes: number;
  received_bytes: number;
  sent_bytes: number;
  read_bytes: number;
  written_bytes: number;
}

/** Of each container that there was at the last look at its host. */
export interface ContainerStateRow {
  host_id: string;
  container_name: string;
  is_running: number;
  /** Whether it was ever seen running. */
  has_run: number;
  /** When it was first seen to run, or not to. */
  since: number;
}

export interface AlertRuleRow {
  id: Generated<number>;
  name: string;
  /** `*` stands for any text. */
  container_filter: string;
  metric: "cpu_percent" | "mem_percent" | "container_down";
  operator: "gt" | "lt";
  threshold: number;
  duration_seconds: number;
  cooldown_seconds: Generated<number>;
  severity: "info" | "warning" | "critical";
  /** JSON: numbers of channels. */
  channel_ids: Generated<string>;
  is_enabled: Generated<number>;
  is_built_in: Generated<number>;
  muted_until: number | null;
  last_fired_at: number | null;
  last_resolved_at: number | null;
  created_at: number;
  updated_at: number;
}

/** Of a rule about a container: that it fires, or when it last did, for as long as that keeps it from firing again. */
export interface AlertStateRow {
  rule_id: number;
  host_id: string;
  container_name: string;
  is_firing: number;
  fired_at: number;
}

export interface AlertHistoryRow {
  id: Generated<number>;
  rule_id: number;
  rule_name: string;
  host_id: string;
  container_name: string;
  status: "fired" | "resolved";
  message: string;
  value: number;
  threshold: number;
  at: number;
}
