/** Holds the rules against what was measured. Only changes count: a rule fires once for a container, and resolves once. Several yards may do this at a time:
 *  each takes the turn of its transaction, and the second finds nothing that the first has not told. */
import type { Transaction } from "kysely";
import type { AlertStateRow, ContainerMetricsRow, ContainerStateRow, Schema } from "../../platform/db/schema.ts";
import { firedMessage, resolvedMessage } from "./messages.ts";
import { type AlertRule, isAbout, isAlarming } from "./rule.ts";
import { ruleOf } from "./rules.ts";

/** A rule has begun to fire for a container, or has ended. */
export interface AlertEdge {
  readonly rule: AlertRule;
  readonly status: "fired" | "resolved";
  readonly hostId: string;
  readonly containerName: string;
  readonly message: string;
  readonly value: number;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export interface Moment {
  readonly now: number;
  /** Between two samples of a container. */
  readonly sampleMs: number;
  /** What people call a host; undefined for one that there is not. */
  hostName(hostId: string): string | undefined;
}

/** What is so of a container by one rule. */
interface Finding {
  readonly value: number;
  readonly isAlarming: boolean;
  /** How long it has been so, as far as that matters. */
  heldMs(): Promise<number>;
}

/** Samples that may be missing in a row before nobody knows any more how a container is. */
const mostMissed = 3;

/** Writes down what has changed. @returns it, to be told once that is committed */
export async function evaluate(transaction: Transaction<Schema>, moment: Moment): Promise<readonly AlertEdge[]> {
  const rules = (await transaction.selectFrom("alert_rules").selectAll().orderBy("id").execute()).map((row) =>
    ruleOf(row),
  );
  const containers = await transaction.selectFrom("container_states").selectAll().execute();
  const states = new Map(
    (await transaction.selectFrom("alert_states").selectAll().execute()).map((row) => [keyOf(row.rule_id, row), row]),
  );
  const newest = await newestSamples(transaction, moment);
  const edges: AlertEdge[] = [];
  for (const rule of rules.filter(({ isEnabled }) => isEnabled)) {
    for (const container of containers) {
      if (!isAbout(rule, container.container_name)) continue;
      const key = keyOf(rule.id, container);
      const state = states.get(key);
      states.delete(key);
      const finding = find(transaction, rule, container, newest.get(nameOf(container)), moment);
      const edge = finding && (await edgeOf(rule, container, state, finding, moment));
      if (edge) edges.push(edge);
    }
  }
  edges.push(...endsOf(states.values(), rules, moment));
  await writeDown(transaction, edges);
  return edges;
}

async function edgeOf(
  rule: AlertRule,
  container: ContainerStateRow,
  state: AlertStateRow | undefined,
  finding: Finding,
  { now, hostName }: Moment,
): Promise<AlertEdge | undefined> {
  const { host_id: hostId, container_name: containerName } = container;
  const about = { rule, hostId, containerName, value: finding.value, at: now };
  const where = { containerName, hostName: hostName(hostId) };
  if (state?.is_firing === 1) {
    if (finding.isAlarming) return undefined;
    return { ...about, status: "resolved", message: resolvedMessage(rule, where, finding.value) };
  }
  const isQuiet = state !== undefined && now - state.fired_at < rule.cooldownSeconds * 1_000;
  if (!finding.isAlarming || isQuiet || (await finding.heldMs()) < rule.durationSeconds * 1_000) return undefined;
  return { ...about, status: "fired", message: firedMessage(rule, where, finding.value) };
}

/** Of what fires and is watched no more: the rule is off or about others now, or the container is gone. */
function endsOf(states: Iterable<AlertStateRow>, rules: readonly AlertRule[], { now, hostName }: Moment): AlertEdge[] {
  return [...states].flatMap((state): AlertEdge[] => {
    const rule = rules.find(({ id }) => id === state.rule_id);
    if (!rule || state.is_firing === 0) return [];
    const { host_id: hostId, container_name: containerName } = state;
    const message = resolvedMessage(rule, { containerName, hostName: hostName(hostId) });
    return [{ rule, status: "resolved", hostId, containerName, message, value: 0, at: now }];
  });
}

/** @returns undefined where nobody knows: its host or engine is away */
function find(
  transaction: Transaction<Schema>,
  rule: AlertRule,
  container: ContainerStateRow,
  sample: ContainerMetricsRow | undefined,
  { now, sampleMs }: Moment,
): Finding | undefined {
  if (rule.metric === "container_down") {
    const value = container.is_running === 0 && container.has_run === 1 ? 1 : 0;
    return { value, isAlarming: isAlarming(rule, value), heldMs: async () => now - container.since };
  }
  if (container.is_running === 0) return { value: 0, isAlarming: false, heldMs: async () => 0 };
  if (!sample) return undefined;
  const value = measureOf(rule, sample);
  const since = now - rule.durationSeconds * 1_000 - mostMissed * sampleMs;
  const heldMs = async () => heldFor(rule, await samplesSince(transaction, container, since), sampleMs);
  return { value, isAlarming: isAlarming(rule, value), heldMs };
}

/** How long it has been so without a break, by samples of one container, newest first. A gap is a break. */
export function heldFor(rule: AlertRule, samples: readonly ContainerMetricsRow[], sampleMs: number): number {
  const [newest] = samples;
  if (!newest) return 0;
  let first = newest.at;
  for (const sample of samples) {
    if (!isAlarming(rule, measureOf(rule, sample)) || first - sample.at > mostMissed * sampleMs) break;
    first = sample.at;
  }
  return newest.at - first;
}

function measureOf({ metric }: AlertRule, sample: ContainerMetricsRow): number {
  if (metric === "cpu_percent") return sample.cpu_percent;
  return sample.memory_limit_bytes > 0 ? (100 * sample.memory_bytes) / sample.memory_limit_bytes : 0;
}

async function newestSamples(
  transaction: Transaction<Schema>,
  { now, sampleMs }: Moment,
): Promise<ReadonlyMap<string, ContainerMetricsRow>> {
  const rows = await transaction
    .selectFrom("container_metrics")
    .selectAll()
    .where("resolution", "=", "raw")
    .where("at", ">", now - mostMissed * sampleMs)
    .where("at", "<=", now)
    .orderBy("at")
    .execute();
  return new Map(rows.map((row) => [nameOf(row), row]));
}

function samplesSince(
  transaction: Transaction<Schema>,
  { host_id, container_name }: ContainerStateRow,
  since: number,
): Promise<readonly ContainerMetricsRow[]> {
  return transaction
    .selectFrom("container_metrics")
    .selectAll()
    .where("host_id", "=", host_id)
    .where("container_name", "=", container_name)
    .where("resolution", "=", "raw")
    .where("at", ">=", since)
    .orderBy("at", "desc")
    .execute();
}

async function writeDown(transaction: Transaction<Schema>, edges: readonly AlertEdge[]): Promise<void> {
  for (const { rule, status, hostId: host_id, containerName: container_name, message, value, at } of edges) {
    const isFired = status === "fired";
    const key = { rule_id: rule.id, host_id, container_name };
    await transaction
      .insertInto("alert_states")
      .values({ ...key, is_firing: Number(isFired), fired_at: at })
      .onConflict((conflict) =>
        conflict
          .columns(["rule_id", "host_id", "container_name"])
          .doUpdateSet(isFired ? { is_firing: 1, fired_at: at } : { is_firing: 0 }),
      )
      .execute();
    await transaction
      .insertInto("alert_history")
      .values({ ...key, rule_name: rule.name, status, message, value, threshold: rule.threshold, at })
      .execute();
    await transaction
      .updateTable("alert_rules")
      .set(isFired ? { last_fired_at: at } : { last_resolved_at: at })
      .where("id", "=", rule.id)
      .execute();
  }
}

function nameOf({ host_id, container_name }: { host_id: string; container_name: string }): string {
  return `${host_id} ${container_name}`;
}

function keyOf(ruleId: number, container: { host_id: string; container_name: string }): string {
  return `${ruleId} ${nameOf(container)}`;
}
