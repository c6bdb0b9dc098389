/** What is told of one look at the fleet: of each rule one message for all that it has begun to fire for, and one for all that it fires for no more. So an engine
 *  that dies with 200 containers is told of once, and nobody is told anything that was not so at that moment. */
import type { Transaction } from "kysely";
import type { Schema } from "../../platform/db/schema.ts";
import type { AlertEdge } from "./evaluate.ts";
import type { AlertRule } from "./rule.ts";

export interface AlertDigest {
  readonly rule: AlertRule;
  readonly status: AlertEdge["status"];
  /** By container; one at least. */
  readonly edges: readonly AlertEdge[];
  /** For how many containers the rule fires after this look. */
  readonly firing: number;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Rule by rule, what fires before what does no more. @param transaction the one that has written the edges down */
export async function digestsOf(
  transaction: Transaction<Schema>,
  edges: readonly AlertEdge[],
): Promise<readonly AlertDigest[]> {
  if (edges.length === 0) return [];
  const firing = await countFiring(transaction);
  return [...Map.groupBy(edges, ({ rule }) => rule.id).values()].flatMap((ofRule) =>
    (["fired", "resolved"] as const).flatMap((status): AlertDigest[] => {
      const [first, ...others] = ofRule.filter((edge) => edge.status === status).toSorted(byContainer);
      if (first === undefined) return [];
      const { rule, at } = first;
      return [{ rule, status, edges: [first, ...others], firing: firing.get(rule.id) ?? 0, at }];
    }),
  );
}

async function countFiring(transaction: Transaction<Schema>): Promise<ReadonlyMap<number, number>> {
  const rows = await transaction
    .selectFrom("alert_states")
    .select(["rule_id", (all) => all.fn.countAll<number>().as("count")])
    .where("is_firing", "=", 1)
    .groupBy("rule_id")
    .execute();
  return new Map(rows.map(({ rule_id, count }) => [rule_id, count]));
}

function byContainer(a: AlertEdge, b: AlertEdge): number {
  return a.hostId.localeCompare(b.hostId) || a.containerName.localeCompare(b.containerName, "en", { numeric: true });
}
