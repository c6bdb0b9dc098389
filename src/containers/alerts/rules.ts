/** The rules that there are. */
import type { Selectable } from "kysely";
import type { Clock } from "../../platform/clock.ts";
import type { Database } from "../../platform/db/database.ts";
import type { AlertRuleRow } from "../../platform/db/schema.ts";
import { YardError } from "../../platform/errors.ts";
import { type AlertRule, type AlertRuleInput, requireSoundRule } from "./rule.ts";

export interface AlertRules {
  /** Those that the yard came with first, the others in the order in which they were made. */
  list(): Promise<readonly AlertRule[]>;
  /** @throws {YardError} invalid; too_many */
  create(rule: AlertRuleInput): Promise<AlertRule>;
  /** Replaces all of it. @throws {YardError} invalid, not_found */
  update(id: number, rule: AlertRuleInput): Promise<AlertRule>;
  /** What it has told is still known. @throws {YardError} not_found; conflict, of one that the yard came with */
  remove(id: number): Promise<void>;
}

const mostRules = 500;

export function createAlertRules({ database, clock }: { database: Database; clock: Clock }): AlertRules {
  const db = database.kysely;

  async function list(id?: number): Promise<readonly AlertRule[]> {
    const rows = await db
      .selectFrom("alert_rules")
      .selectAll()
      .select((rule) =>
        rule
          .selectFrom("alert_states")
          .select(({ fn }) => fn.min<number | null>("fired_at").as("since"))
          .whereRef("rule_id", "=", "alert_rules.id")
          .where("is_firing", "=", 1)
          .as("firing_since"),
      )
      .$if(id !== undefined, (one) => one.where("id", "=", id!))
      .orderBy("is_built_in", "desc")
      .orderBy("id")
      .execute();
    return rows.map(ruleOf);
  }

  async function get(id: number): Promise<AlertRule> {
    const [rule] = await list(id);
    if (rule) return rule;
    throw new YardError("not_found", `There is no alert rule ${id}.`);
  }

  return {
    list: () => list(),

    async create(rule) {
      requireSoundRule(rule);
      const now = clock.now();
      const id = await database.transaction(
        async (transaction) => {
          const { count } = await transaction
            .selectFrom("alert_rules")
            .select(({ fn }) => fn.countAll<number>().as("count"))
            .executeTakeFirstOrThrow();
          if (count >= mostRules) throw new YardError("too_many", `There are ${count} rules already: delete some.`);
          const made = await transaction
            .insertInto("alert_rules")
            .values({ ...columnsOf(rule), created_at: now, updated_at: now })
            .returning("id")
            .executeTakeFirstOrThrow();
          return made.id;
        },
        { exclusive: "alert rules" },
      );
      return get(id);
    },

    async update(id, rule) {
      requireSoundRule(rule);
      const changes = { ...columnsOf(rule), updated_at: clock.now() };
      await db.updateTable("alert_rules").set(changes).where("id", "=", id).execute();
      return get(id);
    },

    async remove(id) {
      const { isBuiltIn, name } = await get(id);
      if (isBuiltIn) throw new YardError("conflict", `${name} came with the server: disable it instead.`);
      await db.deleteFrom("alert_rules").where("id", "=", id).execute();
    },
  };
}

function columnsOf(rule: AlertRuleInput) {
  return {
    name: rule.name.trim(),
    container_filter: rule.containerFilter.trim(),
    ...{ metric: rule.metric, operator: rule.operator, threshold: rule.threshold, severity: rule.severity },
    ...{ duration_seconds: rule.durationSeconds, cooldown_seconds: rule.cooldownSeconds },
    channel_ids: JSON.stringify([...new Set(rule.channelIds)]),
    is_enabled: Number(rule.isEnabled),
    muted_until: rule.mutedUntil ?? null,
  };
}

export function ruleOf(row: Selectable<AlertRuleRow> & { readonly firing_since?: number | null }): AlertRule {
  return {
    ...{ id: row.id, name: row.name, containerFilter: row.container_filter },
    ...{ metric: row.metric, operator: row.operator, threshold: row.threshold, severity: row.severity },
    ...{ durationSeconds: row.duration_seconds, cooldownSeconds: row.cooldown_seconds },
    channelIds: JSON.parse(row.channel_ids) as number[],
    ...{ isEnabled: row.is_enabled === 1, isBuiltIn: row.is_built_in === 1 },
    ...(row.muted_until !== null && { mutedUntil: row.muted_until }),
    ...(typeof row.firing_since === "number" && { firingSince: row.firing_since }),
    ...(row.last_fired_at !== null && { lastFiredAt: row.last_fired_at }),
    ...(row.last_resolved_at !== null && { lastResolvedAt: row.last_resolved_at }),
  };
}
