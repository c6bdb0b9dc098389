/** The composition root: reads the configuration, opens every part in order, and closes them in reverse. Nothing else in the house does. */
import { homedir, hostname } from "node:os";
import { join } from "node:path";
import { addressFileIn, addressVariable, writeAddressFile } from "./address-file.ts";
import { appMeshApi } from "./apis/appmesh/index.ts";
import { runVariables } from "./apis/appmesh/process-environment.ts";
import { systemDirectories } from "./apis/appmesh/routes/files.ts";
import { createSeal } from "./apis/appmesh/seal.ts";
import { createAppMeshSettings } from "./apis/appmesh/settings.ts";
import { mcpApi } from "./apis/mcp/index.ts";
import { createIdentify, openTeamId } from "./apis/mcpv8/callers.ts";
import { mcpV8Api } from "./apis/mcpv8/index.ts";
import { llmsText } from "./apis/mcpv8/llms-text.ts";
import { createOwners } from "./apis/mcpv8/owners.ts";
import * as scriptSchemas from "./apis/mcpv8/schemas.ts";
import * as scriptWords from "./apis/mcpv8/translate.ts";
import { yardApi } from "./apis/yard/index.ts";
import type { YardApiParts } from "./apis/yard/parts.ts";
import { type Apps, createApps } from "./apps/apps.ts";
import { withExecUsers } from "./apps/exec-users.ts";
import { createLabels, type Labels } from "./apps/labels.ts";
import { builtInLabels } from "./apps/labels-built-in.ts";
import type { Config } from "./config.ts";
import { beginWithExamples } from "./examples.ts";
import { createHosts, type Hosts } from "./hosts/hosts.ts";
import { openLocalFiles } from "./hosts/local-files.ts";
import { openLocalHost } from "./hosts/local-host.ts";
import { ensureFirstAdmin } from "./identity/first-start.ts";
import type { Identity } from "./identity/identity.ts";
import { openIdentity } from "./identity/open.ts";
import { clearRemovedTeams } from "./identity/removed-teams.ts";
import { createUserSummaries } from "./identity/user-summaries.ts";
import { cacheUserSummaries } from "./identity/user-summary-cache.ts";
import { ensureLocalKey } from "./local-key.ts";
import { openFileBlobStore } from "./platform/blobs/file-store.ts";
import { createBus } from "./platform/bus/bus.ts";
import { createEventLog, type EventLog } from "./platform/bus/event-log.ts";
import type { Topics } from "./platform/bus/topics.ts";
import { type Clock, systemClock } from "./platform/clock.ts";
import { openMasterKey } from "./platform/crypto/master-key.ts";
import { createSecretBox } from "./platform/crypto/secret-box.ts";
import { deriveKey } from "./platform/crypto/secrets.ts";
import { type DataDirectory, openDataDirectory } from "./platform/data-directory.ts";
import { type Database, openDatabase } from "./platform/db/database.ts";
import { createStoredSettings } from "./platform/db/stored-settings.ts";
import { YardError } from "./platform/errors.ts";
import { bearerTokenOf } from "./platform/http/bearer.ts";
import type { ListenSpec } from "./platform/http/listen-spec.ts";
import { createHttpServer, type HttpServer } from "./platform/http/server.ts";
import { type TlsSource, tlsFromFiles } from "./platform/http/tls.ts";
import { selfSignedPaths, selfSignedTls } from "./platform/http/tls-self-signed.ts";
import { createLog, type Log, type LogLevel } from "./platform/log.ts";
import { createMetrics, type Metrics } from "./platform/metrics.ts";
import { openReserve, type Reserve } from "./platform/reserve.ts";
import { every } from "./platform/timers.ts";
import { grantsNothing } from "./scripts/capabilities/policy.ts";
import { openPolicyFile } from "./scripts/capabilities/policy-file.ts";
import { openEnginePool } from "./scripts/engine/engine-pool.ts";
import { createHeapStore } from "./scripts/engine/heap-store.ts";
import type { PackStore } from "./scripts/engine/pack-store.ts";
import { createHeapCollection, type HeapCollection } from "./scripts/heap-collection.ts";
import { createHeapPacks } from "./scripts/heap-packs.ts";
import { openScripts, type Scripts, type ScriptsParts } from "./scripts/scripts.ts";
import { openSnapshots, type Snapshots } from "./snapshots/snapshots.ts";
import { packageVersion } from "./version.ts";

export interface Yard extends AsyncDisposable {
  readonly urls: readonly string[];
  /** Of the administrator that this start has made up; known nowhere else. */
  readonly adminPassword: string | undefined;
  readonly http: HttpServer;
  readonly identity: Identity;
  readonly apps: Apps;
  /** Stops the local agent and all it runs, gracefully. The yard itself goes on until it is disposed of. */
  stopHost(): Promise<void>;
}

export interface YardParts {
  /** How this program starts itself again: program and first arguments. */
  readonly launcher: readonly string[];
  readonly log?: Log;
  /** For tests: a reply that does not fit its schema becomes a 500 that says why. */
  readonly validateResponses?: boolean;
}

const stopGraceMs = 5_000;
const housekeepingMs = 10 * 60_000;
/** It reads all that is kept. */
const collectionMs = 12 * 3_600_000;

/** @throws {YardError} with one clear line for whatever keeps the yard from starting; then nothing of it stays open */
export async function openYard(config: Config, parts: YardParts): Promise<Yard> {
  const log = parts.log ?? createLog({ level: config.log });
  const clock = systemClock;
  const startedAt = clock.now();
  for (const warning of config.warnings) log.warn(warning);

  await using opened = new AsyncDisposableStack();
  const data = opened.use(openDataDirectory(config.data));
  const { essential } = opened.use(openReserve(join(data.path, "reserve")));
  const database = opened.use(await openDatabase(databaseOptions(config, data)));
  const bus = createBus<Topics>({ onError: (error, topic) => log.error({ err: error, topic }, "a listener failed") });
  const events = opened.use(
    createEventLog({ database, clock, retention: { maxRows: config.events.keepRows, maxAgeMs: config.events.keepMs } }),
  );
  const identity = opened.use(
    await openIdentity({ database, bus, clock, keysDirectory: data.keys, settings: { lockout: config.lockout } }),
  );
  const firstAdmin = await ensureFirstAdmin({ database, users: identity.users }, { password: config.adminPassword });
  const localHost = opened.use(await openLocalHost(localHostParts(config, data, parts.launcher, log)));
  let isOpen = false;
  // A start that fails leaves no agent behind that it has started; one that was there before goes on.
  opened.defer(async () => {
    if (!isOpen && localHost.startedAgent) await localHost.stop({ graceMs: stopGraceMs });
  });
  const hosts = createHosts({ local: localHost });
  const masterKey = await openMasterKey(data.keys);
  const secrets = createSecretBox(deriveKey(masterKey, "secrets at rest"));
  const listening: ListenSpec[] = []; // filled once it does
  const labels = createLabels({ database, clock, builtIn: builtInLabels() });
  const listeningOn = () => listening;
  const appMeshSettings = await openAppMeshSettings({ config, data, database, labels, log, listeners: listeningOn });
  const owners = opened.use(cacheUserSummaries({ summaries: createUserSummaries({ database }), bus, clock }));
  const apps = opened.use(
    await createApps({
      ...{ database, secrets, events, essential, clock, log },
      variables: { ...runVariables, fixed: { [addressVariable]: addressFileIn(data.path) } },
      units: localHost.units,
      owners: withExecUsers(owners, appMeshSettings.execUserOf),
    }),
  );
  if (firstAdmin && config.examples) await beginWithExamples(firstAdmin.username, { identity, apps, log });
  const blobs = opened.use(await openFileBlobStore({ directory: data.blobs, clock }));
  const snapshots = openSnapshots({ database, blobs, clock });
  const packs = opened.use(createHeapPacks({ database, blobs, clock }));
  const policy = opened.use(await openPolicyFile({ path: config.scripts.policyFile, log }));
  // Whoever needs no token is granted nothing, whatever the policy says.
  const policyOf = (teamId: string) => (teamId === openTeamId ? grantsNothing : policy.current());
  const scripts = opened.use(
    await startScripts({ config, database, packs, files: snapshots, policyOf, masterKey, essential, log }),
  );
  const stopping = new AbortController();
  const { signal } = stopping;
  opened.use(every(collectionMs, () => collectGarbage({ snapshots, scripts, ...config.snapshots, signal, log })));
  opened.defer(() => stopping.abort()); // a collection may take minutes, and can be ended anywhere
  const heaps = createHeapCollection({ database, blobs, clock, keepUsedMs: config.scripts.heapKeepMs });
  opened.use(every(housekeepingMs, () => housekeeping({ identity, events, heaps, log })));
  opened.use(
    clearRemovedTeams({ database, clock, bus, log, clear: (teamId) => clearTeam(teamId, { scripts, snapshots }) }),
  );

  const metrics = createMetrics();
  const http = opened.use(
    await createHttpServer({
      apis: [
        yardApi(yardApiParts({ config, identity, apps, events, hosts, database, metrics })),
        appMeshApi({
          ...{ identity, apps, localHost, clock, startedAt, metrics, essential, labels },
          ...{ ...config.appmesh, metricsOpen: config.metricsOpen },
          settings: appMeshSettings,
          listeners: listeningOn,
          files: await openLocalFiles({ closed: closedDirectories(data), unfinished: join(data.path, "uploads") }),
          home: data.path,
          csrfKey: deriveKey(masterKey, "appmesh csrf"),
          seal: createSeal(secrets),
          loginRate: config.loginRate,
        }),
        mcpV8Api({
          ...{ scripts, snapshots, essential, version: packageVersion() },
          ...{ authenticator: identity.authenticator, teams: identity.teams, audit: identity.audit },
          open: config.scripts.open,
        }),
        mcpApi({
          ...mcpParts({ config, identity, essential, clock }),
          ...{ scripts, snapshots, apps },
          openapi: async (): Promise<string> => (await http.fastify.inject("/openapi/mcp-v8.json")).body,
        }),
      ],
      ...{ log, metrics },
      tls: tlsSource(config, data),
      shutdownGraceMs: config.shutdownGraceMs,
      trustedProxies: config.trustedProxies,
      validateResponses: parts.validateResponses,
    }),
  );
  const listeners = await http.listen([
    ...config.listen,
    ...config.listenAppmesh.map((spec) => ({ ...spec, api: "appmesh" })),
  ]);
  // Those of App Mesh alone first: its clients are meant to ask there.
  const specs = listeners.map(({ spec }) => spec);
  listening.push(...specs.slice(config.listen.length), ...specs.slice(0, config.listen.length));
  const urls = listeners.slice(0, config.listen.length).map((listener) => listener.url);
  const certificate = config.listen[0]?.secure ? certificateFile(config, data) : undefined;
  await writeAddressFile(data.path, { url: urls[0]!, certificate });
  await ensureLocalKey({
    identity,
    directory: data.path,
    url: urls[0]!,
    certificate: certificatePath(config, data),
    log,
  });

  isOpen = true;
  const lifetime = opened.move();
  return {
    urls: listeners.map((listener) => listener.url),
    adminPassword: firstAdmin?.generatedPassword ?? undefined,
    ...{ http, identity, apps },
    stopHost: () => localHost.stop({ graceMs: stopGraceMs }),
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  };
}

function databaseOptions(config: Config, data: DataDirectory) {
  if (config.databaseUrl !== undefined) return { dialect: "postgres", url: config.databaseUrl } as const;
  return { dialect: "sqlite", path: data.database } as const;
}

function localHostParts(config: Config, data: DataDirectory, launcher: readonly string[], log: Log) {
  const orphanAfter =
    config.orphanAfterMs === undefined ? [] : ["--orphan-after", `${Math.ceil(config.orphanAfterMs / 1_000)}s`];
  const socketPath = join(data.agent, "agent.sock");
  return {
    name: hostname(),
    directory: data.agent,
    socketPath,
    command: [...launcher, "agent", "--directory", data.agent, "--socket", socketPath, ...orphanAfter],
    environment: process.env,
    log,
  };
}

/** A certificate of our own making also serves a listener that is `https://` while `tls` is off. */
function tlsSource(config: Config, data: DataDirectory): TlsSource {
  return config.tls.kind === "files" ? tlsFromFiles(config.tls) : selfSignedTls(data.tls, { clock: systemClock });
}

function certificateFile({ tls }: Config, data: DataDirectory): string {
  return tls.kind === "files" ? tls.cert : selfSignedPaths(data.tls).cert;
}

/** What a client has to trust by name: only our own certificate, and only if the first address speaks TLS. */
function certificatePath(config: Config, data: DataDirectory): string | undefined {
  return config.listen[0]?.secure && config.tls.kind !== "files" ? selfSignedPaths(data.tls).cert : undefined;
}

/** What no upload may touch and no download show: the system's, the yard's own, and the keys by which its user is known elsewhere. */
function closedDirectories(data: DataDirectory): readonly string[] {
  return [...systemDirectories, data.path, join(homedir(), ".ssh")];
}

interface AppMeshSettingsSources {
  readonly config: Config;
  readonly data: DataDirectory;
  readonly database: Database;
  readonly labels: Labels;
  readonly log: Log;
  readonly listeners: () => readonly ListenSpec[];
}

function openAppMeshSettings({ config, data, database, labels, log, listeners }: AppMeshSettingsSources) {
  const certificate = config.tls.kind === "files" ? config.tls : selfSignedPaths(data.tls);
  return createAppMeshSettings({
    ...{ labels, clock: systemClock },
    stored: createStoredSettings({ database, clock: systemClock }),
    facts: () => ({ hostname: hostname(), listen: listeners()[0] ?? config.listen[0]!, certificate }),
    logLevel: {
      get: () => log.level as LogLevel,
      set: (level) => {
        log.level = level;
      },
      chosenAtStart: config.effective.some(({ key, origin }) => key === "log" && origin !== "default"),
    },
  });
}

interface ScriptsSources {
  readonly config: Config;
  readonly database: Database;
  readonly packs: PackStore;
  readonly files: Snapshots;
  readonly policyOf: ScriptsParts["policyOf"];
  readonly masterKey: Uint8Array;
  readonly essential: Reserve["essential"];
  readonly log: Log;
}

/** The engines' processes start with the first script. */
async function startScripts({
  config,
  database,
  packs,
  files,
  policyOf,
  masterKey,
  essential,
  log,
}: ScriptsSources): Promise<Scripts> {
  const { engines, maxMemoryMb, maxOutputBytes, heapCacheBytes, ...settings } = config.scripts;
  return await openScripts({
    ...{ database, files, policyOf, essential, log, clock: systemClock },
    // Scripts wait in a queue of their own: the pool's only has to hold those that have their turn.
    engine: openEnginePool({ size: engines, maxQueued: engines * 4, maxMemoryMb, log }),
    heapStore: createHeapStore({ packs, cacheBytes: heapCacheBytes }),
    teamKey: (teamId) => deriveKey(masterKey, `heaps of ${teamId}`),
    settings: { ...settings, engines, ceilings: { memoryMb: maxMemoryMb, outputBytes: maxOutputBytes } },
  });
}

interface McpSources {
  readonly config: Config;
  readonly identity: Identity;
  readonly essential: Reserve["essential"];
  readonly clock: Clock;
}

/** Models are told of executions in the words of the REST API, and let in as its clients are. */
function mcpParts({ config, identity, essential, clock }: McpSources) {
  return {
    ...{ essential, clock, version: packageVersion(), audit: identity.audit },
    ...{ mode: config.mcp.mode, keepHeaps: config.scripts.keepHeaps },
    hosts: [...config.mcp.hosts, hostname(), ...config.listen.map(({ host }) => host)],
    identify: createIdentify({
      authenticator: identity.authenticator,
      owners: createOwners(identity.teams),
      open: config.scripts.open,
    }),
    ...{ words: scriptWords, schemas: scriptSchemas, restGuide: llmsText },
  };
}

interface YardApiSources {
  readonly config: Config;
  readonly identity: Identity;
  readonly apps: Apps;
  readonly events: EventLog;
  readonly hosts: Hosts;
  readonly database: Database;
  readonly metrics: Metrics;
}

function yardApiParts({ config, identity, apps, events, hosts, database, metrics }: YardApiSources): YardApiParts {
  return {
    version: packageVersion(),
    authenticate: ({ headers }) => {
      const token = bearerTokenOf(headers.authorization);
      if (!token)
        throw new YardError(
          "unauthenticated",
          "A token is needed: send one of any API's login as Authorization: Bearer.",
        );
      return identity.authenticator.recall(token) ?? identity.authenticator.authenticate(token);
    },
    ...{ apps, events, hosts, metrics },
    metricsOpen: config.metricsOpen,
    readiness: {
      database: () => database.kysely.selectFrom("settings").select("key").limit(1).execute(),
      agent: () => hosts.local.info(),
    },
  };
}

interface Kept {
  readonly identity: Identity;
  readonly events: EventLog;
  readonly heaps: HeapCollection;
  readonly log: Log;
}

async function housekeeping({ identity, events, heaps, log }: Kept): Promise<void> {
  try {
    await identity.purgeExpired();
    await events.trim();
    const collected = await heaps.pass();
    if (collected.heaps > 0) log.info(collected, "heaps that nobody needs any more were collected");
  } catch (error) {
    log.error({ err: error }, "housekeeping failed; it is tried again later");
  }
}

/** Of a team that is no more. */
async function clearTeam(teamId: string, { scripts, snapshots }: Pick<CollectionSources, "scripts" | "snapshots">) {
  await scripts.removeTeam(teamId);
  await snapshots.removeTeam(teamId);
}

interface CollectionSources {
  readonly snapshots: Snapshots;
  readonly scripts: Scripts;
  readonly keepUsedMs: number;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** Of files that nothing leads to any more. */
async function collectGarbage({ snapshots, scripts, log, ...options }: CollectionSources): Promise<void> {
  try {
    const collected = await snapshots.collectGarbage({ ...options, keep: await scripts.reportedSnapshots() });
    log.info(collected, "snapshots that nobody needs any more were collected");
  } catch (error) {
    if (options.signal.aborted) return;
    log.error({ err: error }, "snapshots could not be collected; it is tried again later");
  }
}
