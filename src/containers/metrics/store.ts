/** What was measured of containers, in three resolutions: each sample of the last hours, means of minutes of the last days, means of hours of the last months. */
import { type Kysely, sql, type Transaction } from "kysely";
import type { Database } from "../../platform/db/database.ts";
import type { ContainerMetricsRow, ContainerStateRow, Schema } from "../../platform/db/schema.ts";
import type { Look } from "./sample.ts";
import type { ContainerUsage } from "./usage.ts";

export const resolutions = ["raw", "1m", "1h"] as const;
export type Resolution = (typeof resolutions)[number];

const [minute, hour, day] = [60_000, 3_600_000, 86_400_000];
/** How long each is kept; with a look every 30 seconds that is 720, 4,320 and 2,160 rows of a container. */
const keptMs: Readonly<Record<Resolution, number>> = { raw: 6 * hour, "1m": 3 * day, "1h": 90 * day };
/** A mean is made once its time has passed, and made up for after an absence within these. */
const means = [
  { from: "raw", to: "1m", stepMs: minute, backMs: hour },
  { from: "1m", to: "1h", stepMs: hour, backMs: day },
] as const;
const mostPoints = 5_000;

export type MetricPoint = Pick<
  ContainerUsage,
  "cpuPercent" | "memoryBytes" | "memoryLimitBytes" | "receivedBytes" | "sentBytes" | "readBytes" | "writtenBytes"
> & {
  /** Milliseconds since 1970. */
  readonly at: number;
};

/** Whose: containers go by their names, so that one that is made anew keeps its past. */
export interface Measured {
  readonly hostId: string;
  readonly name: string;
}

export interface MetricStore {
  /** All that the look has found, or nothing of it. */
  add(look: Look): Promise<void>;
  /** Oldest first; of more than 5,000 the newest. */
  read(of: Measured, range: { from: number; to: number; resolution: Resolution }): Promise<readonly MetricPoint[]>;
  /** Whether anything is known of it. */
  knows(of: Measured): Promise<boolean>;
  /** Makes the means that are due. */
  condense(now: number): Promise<void>;
  /** Forgets what is too old, and what there is on hosts that are no more. */
  prune(now: number, hostIds: readonly string[]): Promise<void>;
}

export function createMetricStore({ database }: { database: Database }): MetricStore {
  const db = database.kysely;
  /** Up to when means were made by this yard. */
  const condensed = new Map<Resolution, number>();

  return {
    async add({ hostId, at, containers, usages }) {
      await database.transaction(async (transaction) => {
        const rows = [...usages].map(([name, usage]) => rowOf(hostId, name, at, usage));
        if (rows.length > 0) {
          await transaction
            .insertInto("container_metrics")
            .values(rows)
            .onConflict((conflict) => conflict.doNothing())
            .execute();
        }
        await noteStates(transaction, hostId, containers, at);
      });
    },

    async read({ hostId, name }, { from, to, resolution }) {
      const rows = await db
        .selectFrom("container_metrics")
        .selectAll()
        .where("host_id", "=", hostId)
        .where("container_name", "=", name)
        .where("resolution", "=", resolution)
        .where("at", ">=", from)
        .where("at", "<=", to)
        .orderBy("at", "desc")
        .limit(mostPoints)
        .execute();
      return rows.map(pointOf).toReversed();
    },

    async knows({ hostId, name }) {
      const row = await db
        .selectFrom("container_metrics")
        .select("at")
        .where("host_id", "=", hostId)
        .where("container_name", "=", name)
        .limit(1)
        .executeTakeFirst();
      return row !== undefined;
    },

    async condense(now) {
      for (const mean of means) {
        const end = now - (now % mean.stepMs);
        const since = Math.max(condensed.get(mean.to) ?? 0, end - mean.backMs);
        if (since < end) await condense(db, mean, since, end);
        condensed.set(mean.to, end);
      }
    },

    async prune(now, hostIds) {
      for (const resolution of resolutions) {
        await db
          .deleteFrom("container_metrics")
          .where("resolution", "=", resolution)
          .where("at", "<", now - keptMs[resolution])
          .execute();
      }
      if (hostIds.length > 0) await db.deleteFrom("container_states").where("host_id", "not in", hostIds).execute();
    },
  };
}

/** Several yards may do it at a time: the first has made it, the others make the same. */
async function condense(
  db: Kysely<Schema>,
  { from, to, stepMs }: (typeof means)[number],
  since: number,
  end: number,
): Promise<void> {
  const begin = sql<number>`at - at % ${sql.lit(stepMs)}`;
  const mean = (column: "memory_bytes") => sql<number>`cast(round(avg(${sql.ref(column)})) as bigint)`;
  await db
    .insertInto("container_metrics")
    .columns([
      ...(["host_id", "container_name", "resolution", "at", "cpu_percent", "memory_bytes"] as const),
      ...(["memory_limit_bytes", "received_bytes", "sent_bytes", "read_bytes", "written_bytes"] as const),
    ])
    .expression(
      db
        .selectFrom("container_metrics")
        .select(({ fn }) => [
          ...(["host_id", "container_name"] as const),
          sql<Resolution>`${sql.lit(to)}`.as("resolution"),
          begin.as("at"),
          fn.avg<number>("cpu_percent").as("cpu_percent"),
          mean("memory_bytes").as("memory_bytes"),
          ...(["memory_limit_bytes", "received_bytes", "sent_bytes", "read_bytes", "written_bytes"] as const).map(
            (column) => fn.max<number>(column).as(column),
          ),
        ])
        .where("resolution", "=", from)
        .where("at", ">=", since)
        .where("at", "<", end)
        .groupBy(["host_id", "container_name", begin]),
    )
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Writes down what is another than before: mostly nothing. */
async function noteStates(
  transaction: Transaction<Schema>,
  hostId: string,
  containers: Look["containers"],
  at: number,
): Promise<void> {
  const known = await transaction.selectFrom("container_states").selectAll().where("host_id", "=", hostId).execute();
  const byName = new Map(known.map((row) => [row.container_name, row]));
  const changed: ContainerStateRow[] = [];
  for (const { name, isRunning } of containers) {
    const before = byName.get(name);
    byName.delete(name);
    const is_running = Number(isRunning);
    if (before?.is_running === is_running) continue;
    changed.push({
      ...{ host_id: hostId, container_name: name, is_running },
      ...{ has_run: Math.max(before?.has_run ?? 0, is_running), since: at },
    });
  }
  for (const row of changed) {
    await transaction
      .insertInto("container_states")
      .values(row)
      .onConflict((conflict) => conflict.columns(["host_id", "container_name"]).doUpdateSet(row))
      .execute();
  }
  const gone = [...byName.keys()];
  if (gone.length === 0) return;
  await transaction
    .deleteFrom("container_states")
    .where("host_id", "=", hostId)
    .where("container_name", "in", gone)
    .execute();
}

function rowOf(host_id: string, container_name: string, at: number, usage: ContainerUsage): ContainerMetricsRow {
  return {
    ...{ host_id, container_name, resolution: "raw", at, cpu_percent: Math.min(usage.cpuPercent, mostPercent) },
    ...{ memory_bytes: counted(usage.memoryBytes), memory_limit_bytes: counted(usage.memoryLimitBytes) },
    ...{ received_bytes: counted(usage.receivedBytes), sent_bytes: counted(usage.sentBytes) },
    ...{ read_bytes: counted(usage.readBytes), written_bytes: counted(usage.writtenBytes) },
  };
}

/** Of more cores than any machine has. */
const mostPercent = 1_000_000;

/** What a column can hold: some engines tell the highest number of 64 bits where there is no limit, and one that is no friend may tell anything. */
function counted(bytes: number): number {
  return Math.min(Math.max(0, Math.round(bytes)), Number.MAX_SAFE_INTEGER);
}

function pointOf(row: ContainerMetricsRow): MetricPoint {
  return {
    ...{ at: row.at, cpuPercent: row.cpu_percent },
    ...{ memoryBytes: row.memory_bytes, memoryLimitBytes: row.memory_limit_bytes },
    ...{ receivedBytes: row.received_bytes, sentBytes: row.sent_bytes },
    ...{ readBytes: row.read_bytes, writtenBytes: row.written_bytes },
  };
}
