/** What rules have told. */
import type { Database } from "../../platform/db/database.ts";

export interface AlertHistoryEntry {
  readonly id: number;
  readonly ruleId: number;
  readonly ruleName: string;
  readonly containerName: string;
  readonly status: "fired" | "resolved";
  readonly message: string;
  readonly value: number;
  readonly threshold: number;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export interface AlertHistory {
  /** Newest first. @param hostIds of these alone */
  list(limit: number, hostIds?: readonly string[]): Promise<readonly AlertHistoryEntry[]>;
  prune(now: number): Promise<void>;
}

const keptMs = 90 * 86_400_000;
const mostKept = 20_000;

export function createAlertHistory({ database }: { database: Database }): AlertHistory {
  const db = database.kysely;
  return {
    async list(limit, hostIds) {
      if (hostIds?.length === 0) return [];
      return db
        .selectFrom("alert_history")
        .select(["id", "rule_id as ruleId", "rule_name as ruleName", "container_name as containerName"])
        .select(["status", "message", "value", "threshold", "at"])
        .$if(hostIds !== undefined, (some) => some.where("host_id", "in", hostIds!))
        .orderBy("id", "desc")
        .limit(limit)
        .execute();
    },
    async prune(now) {
      const { newest } = await db
        .selectFrom("alert_history")
        .select(({ fn }) => fn.max<number | null>("id").as("newest"))
        .executeTakeFirstOrThrow();
      await db
        .deleteFrom("alert_history")
        .where((entry) => entry.or([entry("at", "<", now - keptMs), entry("id", "<=", (newest ?? 0) - mostKept)]))
        .execute();
    },
  };
}
