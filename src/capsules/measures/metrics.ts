/** The histories of capsules: taken from their hosts, one request for all of a host; kept in memory while they run, and in the table of metrics while they
 *  are paused or no yard is there. */
import { isYardError } from "../../platform/errors.ts";
import { every } from "../../platform/timers.ts";
import type { Capsule, MetricPoint, MetricRange } from "../capsule.ts";
import type { CapsuleParts, CapsuleTimes } from "../parts.ts";
import type { CapsuleStore } from "../store.ts";
import { createHistory, decodeHistory, type History } from "./history.ts";
import { createMeter, type Meter } from "./meter.ts";

export interface MetricsParts extends Pick<CapsuleParts, "database" | "hosts" | "clock" | "log"> {
  readonly store: CapsuleStore;
  readonly times: Pick<CapsuleTimes, "sampleMs">;
}

export interface Metrics extends AsyncDisposable {
  /** Oldest first. */
  of(capsule: Capsule, range: MetricRange): Promise<readonly MetricPoint[]>;
  /** Writes down what was measured of a capsule that was paused. */
  settle(capsuleId: string): Promise<void>;
  forget(capsuleId: string): Promise<void>;
}

interface Measured {
  readonly hostId: string;
  readonly meter: Meter;
  readonly history: History;
}

/** Ticks between two readings of which capsules run. */
const refreshTicks = 4;
/** What a yard that is killed forgets at most, so nobody waits for the disk either; the finest tier is written down only at a pause, and at a proper end. */
const saveEveryMs = 5 * 60_000;

export function openMetrics({ database, hosts, store, clock, log, times }: MetricsParts): Metrics {
  const db = database.kysely;
  let measured = new Map<string, Measured>();
  const asking = new Set<string>();
  /** While the table was being read. */
  let dropped = new Set<string>();
  let tick = 0;

  async function saved(capsuleId: string): Promise<History | undefined> {
    const row = await db
      .selectFrom("capsule_metrics")
      .select("points")
      .where("capsule_id", "=", capsuleId)
      .executeTakeFirst();
    return row && decodeHistory(row.points);
  }

  async function save(capsuleId: string, history: History, finest: number): Promise<void> {
    const [points, saved_at] = [history.encode({ finest }), clock.now()];
    await database.unsynced
      .insertInto("capsule_metrics")
      .values({ capsule_id: capsuleId, points, saved_at })
      .onConflict((conflict) => conflict.column("capsule_id").doUpdateSet({ points, saved_at }))
      .execute();
  }

  async function saveAll(finest: number): Promise<void> {
    for (const [id, { history }] of measured) {
      await save(id, history, finest).catch((error: unknown) => {
        log.warn({ err: error, capsule: id }, "what was measured of a capsule could not be saved");
      });
    }
  }

  function drop(capsuleId: string): void {
    measured.delete(capsuleId);
    dropped.add(capsuleId);
  }

  async function refresh(): Promise<void> {
    dropped = new Set();
    const running = await store.running(hosts.list().map(({ id }) => id));
    const next = new Map<string, Measured>();
    for (const { id, hostId, vcpus } of running) {
      const known = measured.get(id);
      const begin = async (): Promise<Measured> => ({
        hostId,
        meter: createMeter({ vcpus, sampleMs: times.sampleMs }),
        history: (await saved(id)) ?? createHistory(),
      });
      next.set(id, known ?? (await begin()));
    }
    for (const id of dropped) next.delete(id);
    measured = next;
  }

  async function askHost(hostId: string, ids: readonly string[]): Promise<void> {
    const host = hosts.list().find(({ id, connected }) => id === hostId && connected);
    if (!host || asking.has(hostId)) return; // a slow one is not asked twice at a time
    asking.add(hostId);
    try {
      const usages = await host.sandboxUsage(ids);
      const at = clock.now();
      for (const [id, usage] of usages) {
        const one = measured.get(id);
        for (const point of one?.meter.take(usage, at) ?? []) one?.history.add(point);
      }
    } catch (error) {
      if (!isYardError(error, "unavailable"))
        log.warn({ err: error, host: host.name }, "capsules could not be measured");
    } finally {
      asking.delete(hostId);
    }
  }

  async function look(): Promise<void> {
    try {
      if (tick % refreshTicks === 0) await refresh();
      const due = [...measured].filter(([, { meter }]) => meter.isDue(tick));
      for (const [hostId, some] of Map.groupBy(due, ([, one]) => one.hostId))
        void askHost(
          hostId,
          some.map(([id]) => id),
        );
    } catch (error) {
      log.warn({ err: error }, "capsules could not be measured");
    }
    tick++;
  }

  const timers = new AsyncDisposableStack();
  timers.use(every(times.sampleMs, look));
  timers.use(every(saveEveryMs, () => saveAll(1)));

  return {
    async of(capsule, range) {
      const one = measured.get(capsule.id);
      one?.meter.wake();
      const history =
        capsule.status === "running" ? (one?.history ?? (await saved(capsule.id))) : await saved(capsule.id);
      return history?.read(range, clock.now()) ?? [];
    },
    async settle(capsuleId) {
      const one = measured.get(capsuleId);
      if (!one) return;
      await save(capsuleId, one.history, 0);
      drop(capsuleId);
    },
    async forget(capsuleId) {
      drop(capsuleId);
      await database.unsynced.deleteFrom("capsule_metrics").where("capsule_id", "=", capsuleId).execute();
    },
    async [Symbol.asyncDispose]() {
      await timers.disposeAsync();
      await saveAll(0);
    },
  };
}
