/** Makes the host's units agree with the table of apps: when the yard starts, and each time it has seen all units anew. What was saved but
 *  not carried out is carried out, what has no app any more is removed, temporary apps are left alone. Doing it twice is doing it once. */
import type { Units } from "../hosts/host.ts";
import type { Clock } from "../platform/clock.ts";
import { isYardError } from "../platform/errors.ts";
import type { WithName } from "../platform/name-lock.ts";
import { after } from "../platform/timers.ts";
import type { ApplyApp } from "./apply.ts";
import { removalDueAt } from "./exit-rules.ts";
import type { Mirror, MirroredUnit } from "./mirror.ts";
import type { AppLog } from "./parts.ts";
import type { AppState, AppStore } from "./store.ts";
import { unitIdOf } from "./unit-spec.ts";

export interface ReconcileParts {
  /** Only its apps are looked at. */
  readonly hostId: string;
  readonly store: AppStore;
  readonly mirror: Mirror;
  readonly units: Units;
  readonly apply: ApplyApp;
  readonly withName: WithName;
  readonly clock: Clock;
  readonly log: AppLog;
  removeEnded(appId: string, name: string, revision: number): Promise<void>;
}

export interface Reconciler extends AsyncDisposable {
  /** Soon, or once more after the pass that is under way. Resolves when that is over; failures are tried again by themselves. */
  request(): Promise<void>;
}

const tryAgainMs = 5_000;

export function createReconciler(parts: ReconcileParts): Reconciler {
  let underWay: Promise<void> | undefined;
  let again = false;
  let retry: Disposable | undefined;
  let isClosed = false;

  async function passes(): Promise<void> {
    do {
      again = false;
      const failures = await pass(parts).catch((error: unknown) => [error]);
      for (const error of failures) parts.log.warn({ err: error }, "the host's units and the apps do not agree yet");
      if (failures.length > 0 && !isClosed) retry = after(tryAgainMs, () => void request());
    } while (again && !isClosed);
    underWay = undefined;
  }

  function request(): Promise<void> {
    retry?.[Symbol.dispose]();
    again = true;
    if (!isClosed) underWay ??= passes();
    return underWay ?? Promise.resolve();
  }

  return {
    request,
    async [Symbol.asyncDispose]() {
      isClosed = true;
      retry?.[Symbol.dispose]();
      await underWay;
    },
  };
}

/** One comparison of all. @returns what failed for a reason that may pass */
async function pass(parts: ReconcileParts): Promise<unknown[]> {
  const { store, mirror } = parts;
  const apps = await store.states(parts.hostId);
  const unitIds = new Set(apps.map(unitIdOf));
  const orphans = [...mirror.all()].filter(({ unit, meta }) => meta.kind === "defined" && !unitIds.has(unit.id));
  const work = [
    ...orphans.map((orphan) => () => removeOrphan(parts, orphan)), // first, so that no app runs twice
    ...apps.filter((app) => needsWork(app, parts)).map((app) => () => settle(parts, app)),
  ];
  const failures: unknown[] = [];
  for (const step of work) {
    try {
      await step();
    } catch (error) {
      failures.push(error);
      if (isYardError(error, "unavailable")) break; // the host is away: its return asks for the next pass
    }
  }
  return failures;
}

type Seen = Pick<ReconcileParts, "mirror" | "clock">;

function needsWork(app: AppState, { mirror, clock }: Seen): boolean {
  const found = mirror.get(unitIdOf(app));
  return found?.unit.enabled !== app.enabled || isOver(found, clock);
}

function isOver({ meta, unit }: MirroredUnit, clock: Clock): boolean {
  const dueAt = meta.kind === "defined" ? removalDueAt(meta, unit) : undefined;
  return dueAt !== undefined && dueAt <= clock.now();
}

async function settle(parts: ReconcileParts, app: AppState): Promise<void> {
  const { store, apply, withName, removeEnded, mirror, clock, log } = parts;
  const found = mirror.get(unitIdOf(app));
  if (found && isOver(found, clock)) await removeEnded(app.id, app.name, app.revision);
  await withName(app.name, async () => {
    const current = await store.byId(app.id); // as it is now that nobody else changes it
    if (current?.hostId !== parts.hostId || !needsWork(current, parts)) return;
    log.info({ app: app.name, revision: current.revision }, "bringing an app's unit up to date");
    await apply(current);
  });
}

async function removeOrphan(
  { store, units, mirror, withName, log, hostId }: ReconcileParts,
  orphan: MirroredUnit,
): Promise<void> {
  await withName(orphan.meta.name, async () => {
    const app = orphan.meta.kind === "defined" ? await store.byId(orphan.meta.appId) : undefined;
    if (app?.hostId === hostId && unitIdOf(app) === orphan.unit.id) return; // it was just being added
    log.info({ app: orphan.meta.name }, "removing what is left of a removed app");
    await units.remove(orphan.unit.id);
    mirror.forget(orphan.unit.id);
  });
}
