/** Apps: supervised process definitions, and runs. The table `apps` says what should be; the host's agent makes it so and keeps it so, also
 *  while no control plane is there; `mirror` shows what is. */
import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { YardError } from "../platform/errors.ts";
import { createNameLock } from "../platform/name-lock.ts";
import type { ProcessUsage } from "../sandboxes/sandbox.ts";
import type { Owned } from "./access.ts";
import type { App, AppDefinition } from "./app.ts";
import { createApply } from "./apply.ts";
import { createBackground } from "./background.ts";
import { type AccessibleApp, createCatalog } from "./catalog.ts";
import { createChanges } from "./changes.ts";
import { isElsewhere, refuseElsewhere } from "./elsewhere.ts";
import { createExitEvents } from "./exit-events.ts";
import { createMessages, type Messages } from "./messages.ts";
import { createMirror } from "./mirror.ts";
import { createOutput, type FollowRequest, type OutputPage, type OutputRequest } from "./output.ts";
import type { Actor, AppParts } from "./parts.ts";
import { createReconciler } from "./reconcile.ts";
import { createRemovals } from "./removals.ts";
import { createRuns, type RunLimits, type RunRequest, type SyncRunResult } from "./runs.ts";
import { isRunning, runtimeOf } from "./runtime.ts";
import { createAppStore } from "./store.ts";
import { createToldChanges } from "./told-changes.ts";
import { createUsageCache } from "./usage.ts";

/** All of them throw `not_found` for an app that is not there, `forbidden` for one that is not shared with the actor, and `unavailable` for one on
 *  the host of another yard. A change that was saved while the host is away throws `unavailable`, too, and is carried out when it is back. */
export interface Apps extends AsyncDisposable {
  /** Adds an app, or replaces it whole: the actor becomes the owner, what ran is killed, the count of starts begins anew. Starts it at once
   *  when enabled; if it cannot be started, `runtime` says why.
   *  @throws {YardError} invalid (`field` of the definition, or `name`), too_large, too_many, storage_full, conflict */
  put(actor: Actor, name: string, definition: AppDefinition, options: { enabled: boolean }): Promise<App>;
  get(actor: Actor, name: string): Promise<App>;
  /** Those that the actor may read, defined ones by name, then temporary ones. */
  list(actor: Actor): Promise<readonly App[]>;
  /** The same with what the actor may do with each. */
  listAccessible(actor: Actor): Promise<readonly AccessibleApp[]>;
  /** Of all apps, by id, whoever may see them: to decide who is told of one. */
  owned(): Promise<ReadonlyMap<string, Owned>>;
  enable(actor: Actor, name: string): Promise<App>;
  /** Also kills what runs. */
  disable(actor: Actor, name: string): Promise<App>;
  /** Also kills what runs, and deletes its outputs. Of an app on another yard's host that is gone the definition goes now, the rest if that
   *  host ever comes back. */
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
  isHealthy(name: string): Promise<boolean>;
  /** Of those that run, by name; at most two seconds old. Names are taken as they are: ask for apps that the actor was shown.
   *  With `tree` also the tree of their processes: for one app, not for all of them. */
  usage(names: readonly string[], options?: { tree?: boolean }): Promise<ReadonlyMap<string, ProcessUsage>>;
  /** Whether this is, or lately was, the process of an app. */
  hasProcess(pid: number): boolean;
  /** Every app that was defined, whoever may see it, as far as memory knows it: for metrics. */
  observed(): readonly ObservedApp[];
  /** Requests to running apps, and their replies. */
  readonly messages: Messages;
}

export interface ObservedApp {
  readonly id: string;
  readonly name: string;
  readonly starts: number;
  /** Undefined while it does not run. */
  readonly pid: number | undefined;
}

/** How long the start waits for the agent to show its units, and then for them to agree with the table; it goes on by itself after that. */
const firstSightMs = 5_000;
const firstPassMs = 30_000;

export async function createApps(parts: AppParts): Promise<Apps> {
  const { units, host, owners, secrets, clock, log, variables } = parts;
  await using opened = new AsyncDisposableStack();
  const background = opened.use(createBackground(log));
  const store = createAppStore(parts.database.kysely, secrets, clock);
  await store.adopt(host.id);
  const withName = createNameLock();

  const record = (topic: string, id: string, data: Readonly<Record<string, string | number | null>>) =>
    background.run(`recording ${topic}`, () => parts.events.append(topic, id, data));
  const exitEvents = opened.use(
    createExitEvents(({ appId, name, run, exits }) => {
      const { code = null, signal = null } = run.exit ?? {};
      record("app.exited", appId, { name, run: run.id, code, signal, exits });
    }),
  );

  const told = createToldChanges(parts.changed);
  const mirror = createMirror((change) => {
    told.observe(change);
    exitEvents.observe(change);
    messages.observe(change);
    runs.removeIfForsaken(change);
    removals.observe(change);
  });
  const removals = opened.use(
    createRemovals(clock, ({ unit, meta: { appId, name } }) => {
      const removal = () =>
        changes.removeEnded(appId, name, unit.revision).catch((error: unknown) => {
          void reconciler.request(); // which tries again until it is done
          throw error;
        });
      background.run(`removing the ended app ${name}`, removal);
    }),
  );
  const catalog = createCatalog({ store, mirror, owners, secrets, host });
  const messages = createMessages({ catalog, mirror, owners });
  const apply = createApply({ units, mirror, owners, variables });
  const runs = createRuns({ units, store, catalog, mirror, owners, secrets, withName, background, variables });
  const changes = createChanges({
    ...{ store, catalog, mirror, units, host, apply, withName, clock, essential: parts.essential, isHeld: runs.isHeld },
    reconcileLater: () => void reconciler.request(),
    tell(topic, app, by) {
      told.ofDefinition(topic, app.id);
      record(topic, app.id, { name: app.name, by });
    },
  });
  const { output, follow } = createOutput({ catalog, units });
  const usageOf = createUsageCache(units.usage, clock);
  const usageWithTree = createUsageCache((ids) => units.usage(ids, { tree: true }), clock);
  const reconciler = opened.use(
    createReconciler({
      ...{ store, mirror, units, apply, withName, clock, log },
      ...{ hostId: host.id, removeEnded: changes.removeEnded },
    }),
  );

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
    ...{ list: catalog.list, listAccessible: catalog.listAccessible, owned: catalog.owned },
    output,
    follow,
    messages,

    has: async (name) => mirror.named(name) !== undefined || (await store.isTaken(name)),

    async isHealthy(name) {
      const found = mirror.named(name);
      if (found) return runtimeOf(found).healthy;
      const stored = await store.byName(name);
      if (isElsewhere(stored, host)) await refuseElsewhere(stored, host);
      throw new YardError("not_found", `there is no app ${JSON.stringify(name)}`);
    },

    async usage(names, { tree = false } = {}) {
      const running = names.flatMap((name) => {
        const unit = mirror.named(name)?.unit;
        const run = unit?.runs[0];
        return unit && isRunning(run) ? [{ name, id: unit.id, pid: run.pid }] : [];
      });
      if (running.length === 0) return new Map();
      const byId = await (tree ? usageWithTree : usageOf)(running.map(({ id }) => id));
      const usages = new Map<string, ProcessUsage>();
      for (const { name, id, pid } of running) {
        const usage = byId.get(id);
        if (usage?.pids.includes(pid)) usages.set(name, usage); // not that of the process before this one
      }
      return usages;
    },

    observed: () =>
      [...mirror.all()].flatMap(({ unit, meta }) => {
        if (meta.kind !== "defined") return [];
        const [run] = unit.runs;
        return [{ id: meta.appId, name: meta.name, starts: unit.starts, pid: isRunning(run) ? run.pid : undefined }];
      }),

    hasProcess: (pid) =>
      [...mirror.all()].some(({ unit }) => unit.lastEnded?.pid === pid || unit.runs.some((run) => run.pid === pid)),

    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  };
}

async function atMost(timeoutMs: number, promise: Promise<void>): Promise<void> {
  const ended = new AbortController();
  const timer = delay(timeoutMs, undefined, { signal: ended.signal }).catch(() => {}); // aborted: the promise was first
  await Promise.race([promise, timer]);
  ended.abort();
}
