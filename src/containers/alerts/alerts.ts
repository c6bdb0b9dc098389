/** Watches by rules over what containers use, about every 30 seconds, and tells people of what changes. */
import type { Transaction } from "kysely";
import type { Clock } from "../../platform/clock.ts";
import type { Database } from "../../platform/db/database.ts";
import type { Schema } from "../../platform/db/schema.ts";
import type { Log } from "../../platform/log.ts";
import { every } from "../../platform/timers.ts";
import { type DockerHosts, everywhere, type Reach } from "../docker-hosts.ts";
import { usualSampleMs } from "../metrics/metrics.ts";
import { type AlertDigest, digestsOf } from "./digest.ts";
import { type AlertEdge, evaluate } from "./evaluate.ts";
import { type AlertHistory, createAlertHistory } from "./history.ts";
import { type AlertRules, createAlertRules } from "./rules.ts";

export interface Alerts extends AsyncDisposable {
  readonly rules: AlertRules;
  /** Newest first, of hosts within reach. */
  history(reach: Reach, limit: number): ReturnType<AlertHistory["list"]>;
}

/** What is told: an edge of a rule that is not muted. */
export type AlertNotice = AlertEdge;

export interface AlertParts {
  readonly database: Database;
  readonly hosts: Pick<DockerHosts, "list">;
  /** Keeps what the rules' channels are to be told, with the transaction that writes down that it is so: neither is there without the other. In their order. */
  keep(transaction: Transaction<Schema>, digests: readonly AlertDigest[]): Promise<void>;
  /** Tells those who watch of each container; what it does is not waited for. */
  tell(notice: AlertNotice): void;
  readonly clock: Clock;
  readonly log: Pick<Log, "warn">;
  readonly sampleMs?: number;
  readonly evaluateMs?: number;
}

const pruneEvery = 120;

export function openAlerts(parts: AlertParts): Alerts {
  const { database, hosts, keep, tell, clock, log, sampleMs = usualSampleMs, evaluateMs = usualSampleMs } = parts;
  const history = createAlertHistory({ database });
  let round = 0;

  async function look(): Promise<void> {
    try {
      const names = new Map(hosts.list(everywhere).map(({ id, name }) => [id, name]));
      const moment = { now: clock.now(), sampleMs, hostName: (id: string) => names.get(id) };
      const isMuted = ({ rule }: AlertNotice) => (rule.mutedUntil ?? 0) > moment.now;
      const notices = await database.transaction(
        async (transaction) => {
          const edges = (await evaluate(transaction, moment)).filter((edge) => !isMuted(edge));
          await keep(transaction, await digestsOf(transaction, edges));
          return edges;
        },
        { exclusive: "alerts" },
      );
      for (const notice of notices) tell(notice);
      if (round++ % pruneEvery === 0) await history.prune(moment.now);
    } catch (error) {
      log.warn({ err: error }, "alert rules could not be looked at; they are again soon");
    }
  }

  const timer = every(evaluateMs, look);
  return {
    rules: createAlertRules({ database, clock }),
    history(reach, limit) {
      const isHeld = reach.hostTags.length > 0;
      return history.list(limit, isHeld ? hosts.list(reach).map(({ id }) => id) : undefined);
    },
    [Symbol.asyncDispose]: () => timer[Symbol.asyncDispose](),
  };
}
