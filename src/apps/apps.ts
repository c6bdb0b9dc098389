/** Apps: supervised process definitions, and runs. The table `apps` says what should be; the host's agent makes it so and keeps it so, also
 *  while no control plane is there; `mirror` shows what is. */
import { timingSafeEqual } from "node:crypto";
import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { YardError } from "../platform/errors.ts";
import type { ProcessUsage } from "../sandboxes/sandbox.ts";
import type { App, AppDefinition } from "./app.ts";
import { createApply } from "./apply.ts";
import { createBackground } from "./background.ts";
import { createCatalog } from "./catalog.ts";
import { createChanges } from "./changes.ts";
import { createExitEvents } from "./exit-events.ts";
import { isToBeRemoved } from "./exit-rules.ts";
import { createMirror, type MirroredUnit } from "./mirror.ts";
import { createNameLock } from "./name-lock.ts";
import { createOutput, type FollowRequest, type OutputPage, type OutputRequest } from "./output.ts";
import type { Actor, AppParts } from "./parts.ts";
import { createReconciler } from "./reconcile.ts";
import { createRuns, type RunLimits, type RunRequest, type SyncRunResult } from "./runs.ts";
import { isRunning, runtimeOf } from "./runtime.ts";
import { createAppStore } from "./store.ts";
import { createUsageCache } from "./usage.ts";

/** All of them throw `not_found` for an app that is not there and `forbidden` for one that is not shared with the actor. A change that was
 *  saved while the host is away throws `unavailable`, and is carried out when the host is back. */
export interface Apps extends AsyncDisposable {
  /** Adds an app, or replaces it whole: the actor becomes the owner, what ran is killed, the count of starts begins anew. Starts it at once
   *  when enabled; if it cannot be started, `runtime` says why.
   *  @throws {YardError} invalid (`field` of the definition, or `name`), too_large, too_many, storage_full, conflict */
  put(actor: Actor, name: string, definition: AppDefinition, options: { enabled: boolean }): Promise<App>;
  get(actor: Actor, name: string): Promise<App>;
  /** Those that the actor may read, defined ones by name, then temporary ones. */
  list(actor: Actor): Promise<readonly App[]>;
  enable(actor: Actor, name: string): Promise<App>;
  /** Also kills what runs. */
  disable(actor: Actor, name: string): Promise<App>;
  /** Also kills what runs, and deletes its outputs. */
  remove(actor: Actor, name: string): Promise<void>;
  /** Starts a temporary app. @throws {YardError} conflict (the name is taken); the reason why the process could not be started, and then nothing is left */
  run(actor: Actor, request: RunRequest, limits: RunLimits): Promise<{ name: string; runId: string }>;
  /** The same, waits for the end and leaves nothing. @throws {YardError} interrupted, if the agent was lost with it */
  runSync(actor: Actor, request: RunRequest, limits: RunLimits): Promise<SyncRunResult>;
  /** @throws {YardError} not_found (also for an unknown run), invalid (a position beyond the end) */
  output(actor: Actor, name: string, request: OutputRequest): Promise<OutputPage>;
  follow(actor: Actor, name: string, request: FollowRequest): Promise<Readable>;
  /** Whether there is an app of that name, whoever may see it. */
  has(name: string): Promise<boolean>;
  /** It runs, or its last run ended well. Open to everybody who knows the name, and answered from memory. @throws {YardError} not_found */
  isHealthy(name: string): boolean;
  /** Of those that run, by name; at most a second old. Names are taken as they are: ask for apps that the actor was shown. */
  usage(names: readonly string[]): Promise<ReadonlyMap<string, ProcessUsage>>;
  /** Whether `secret` is that of the app's running process. */
  processSecretMatches(name: string, secret: string): boolean;
}

/** How long the start waits for the agent to show its units, and then for them to agree with the table; it goes on by itself after that. */
const firstSightMs = 5_000;
const firstPassMs = 30_000;

export async function createApps(parts: AppParts): Promise<Apps> {
  const { units, owners, secrets, clock, log, variables } = parts;
  await using opened = new AsyncDisposableStack();
  const background = opened.use(createBackground(log));
  const store = createAppStore(parts.database.kysely, secrets);
  const withName = createNameLock();

  const record = (topic: string, id: string, data: Readonly<Record<string, string | number | null>>) =>
    background.run(`recording ${topic}`, () => parts.events.append(topic, id, data));
  const exitEvents = opened.use(
    createExitEvents(({ appId, name, run, exits }) => {
      const { code = null, signal = null } = run.exit ?? {};
      record("app.exited", appId, { name, run: run.id, code, signal, exits });
    }),
  );

  const mirror = createMirror((change) => {
    exitEvents.observe(change);
    runs.removeIfForsaken(change);
    removeWhatEnded(change.after);
  });
  const catalog = createCatalog({ store, mirror, owners, secrets });
  const apply = createApply({ units, mirror, owners, variables });
  const runs = createRuns({ units, store, catalog, mirror, owners, secrets, withName, background, variables });
  const changes = createChanges({
    ...{ store, catalog, mirror, units, apply, withName, clock, essential: parts.essential, isHeld: runs.isHeld },
    reconcileLater: () => void reconciler.request(),
    tell: (topic, app, by) => record(topic, app.id, { name: app.name, by }),
  });
  const { output, follow } = createOutput({ catalog, units });
  const usageOf = createUsageCache(units, clock);
  const reconciler = opened.use(
    createReconciler({ store, mirror, units, apply, withName, log, removeEnded: changes.removeEnded }),
  );

  function removeWhatEnded(now: MirroredUnit | undefined): void {
    if (now?.meta.kind !== "defined" || !isToBeRemoved(now.meta.exit, now.unit)) return;
    const { meta } = now;
    background.run(`removing the ended app ${meta.name}`, () => changes.removeEnded(meta.appId, meta.name));
  }

  const inAgreement = Promise.withResolvers<void>();
  const seen = Promise.withResolvers<void>();
  opened.use(
    units.watch((event) => {
      mirror.receive(event);
      if (event.type !== "synced") return;
      seen.resolve();
      void reconciler.request().then(inAgreement.resolve);
    }),
  );
  await atMost(firstSightMs, seen.promise);
  await atMost(firstPassMs, inAgreement.promise);
  const lifetime = opened.move();

  return {
    run: runs.run,
    runSync: runs.runSync,
    put: changes.put,
    remove: changes.remove,
    enable: (actor, name) => changes.setEnabled(actor, name, true),
    disable: (actor, name) => changes.setEnabled(actor, name, false),
    get: async (actor, name) => (await catalog.get(actor, name, "read")).app,
    list: catalog.list,
    output,
    follow,

    has: async (name) => mirror.named(name) !== undefined || (await store.isTaken(name)),

    isHealthy(name) {
      const found = mirror.named(name);
      if (!found) throw new YardError("not_found", `there is no app ${JSON.stringify(name)}`);
      return runtimeOf(found.meta.kind, found.unit).healthy;
    },

    async usage(names) {
      const idByName = new Map<string, string>();
      for (const name of names) {
        const unit = mirror.named(name)?.unit;
        if (isRunning(unit?.runs[0])) idByName.set(name, unit!.id);
      }
      const byId = await usageOf([...idByName.values()]);
      return new Map([...idByName].flatMap(([name, id]) => (byId.has(id) ? [[name, byId.get(id)!]] : [])));
    },

    processSecretMatches(name, secret) {
      const run = mirror.named(name)?.unit.runs[0];
      return isRunning(run) && run.secret !== undefined && isSame(run.secret, secret);
    },

    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  };
}

async function atMost(timeoutMs: number, promise: Promise<void>): Promise<void> {
  const ended = new AbortController();
  const timer = delay(timeoutMs, undefined, { signal: ended.signal }).catch(() => {}); // aborted: the promise was first
  await Promise.race([promise, timer]);
  ended.abort();
}

function isSame(ours: string, theirs: string): boolean {
  const [a, b] = [Buffer.from(ours), Buffer.from(theirs)];
  return a.length === b.length && timingSafeEqual(a, b);
}
