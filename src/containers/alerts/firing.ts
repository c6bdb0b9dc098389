/** What rules tell at this moment. */
import type { Database } from "../../platform/db/database.ts";
import type { AlertSeverity } from "./rule.ts";

export interface FiringAlert {
  readonly ruleId: number;
  readonly ruleName: string;
  readonly severity: AlertSeverity;
  readonly hostId: string;
  readonly containerName: string;
  /** Milliseconds since 1970. */
  readonly since: number;
}

export interface FiringAlerts {
  /** The latest first, a hundred at most. @param hostIds of these alone */
  list(hostIds?: readonly string[]): Promise<readonly FiringAlert[]>;
}

const mostListed = 100;

export function createFiringAlerts({ kysely }: Pick<Database, "kysely">): FiringAlerts {
  return {
    async list(hostIds) {
      if (hostIds?.length === 0) return [];
      return kysely
        .selectFrom("alert_states as state")
        .innerJoin("alert_rules as rule", "rule.id", "state.rule_id")
        .select(["rule.id as ruleId", "rule.name as ruleName", "rule.severity"])
        .select(["state.host_id as hostId", "state.container_name as containerName", "state.fired_at as since"])
        .where("state.is_firing", "=", 1)
        .$if(hostIds !== undefined, (some) => some.where("state.host_id", "in", hostIds!))
        .orderBy("state.fired_at", "desc")
        .limit(mostListed)
        .execute();
    },
  };
}
