import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { addressFileIn, addressVariable, writeAddressFile } from "./address-file.ts";
import { appMeshApi } from "./apis/appmesh/index.ts";
import { runVariables } from "./apis/appmesh/process-environment.ts";
import { createSeal } from "./apis/appmesh/seal.ts";
import { mcpApi } from "./apis/mcp/index.ts";
import { mcpV8Api } from "./apis/mcpv8/index.ts";
import { mitosisApi } from "./apis/mitosis/index.ts";
import { blobsApi } from "./apis/yard/blobs.ts";
import { yardApi } from "./apis/yard/index.ts";
import { type Apps, createApps } from "./apps/apps.ts";
import { withExecUsers } from "./apps/exec-users.ts";
import { createLabels } from "./apps/labels.ts";
import { builtInLabels } from "./apps/labels-built-in.ts";
import type { Config } from "./config.ts";
import { beginWithExamples } from "./examples.ts";
import { createHosts } from "./hosts/hosts.ts";
import { openLocalFiles } from "./hosts/local-files.ts";
import { openLocalHost } from "./hosts/local-host.ts";
import { ensureFirstAdmin } from "./identity/first-start.ts";
import type { Identity } from "./identity/identity.ts";
import { openIdentity } from "./identity/open.ts";
import { clearRemovedTeams } from "./identity/removed-teams.ts";
import { createTeamDirectory } from "./identity/team-directory.ts";
import { createUserSummaries } from "./identity/user-summaries.ts";
import { cacheUserSummaries } from "./identity/user-summary-cache.ts";
import { ensureLocalKey } from "./local-key.ts";
import { createEventLog } from "./platform/bus/event-log.ts";
import { systemClock } from "./platform/clock.ts";
import { createSecretBox } from "./platform/crypto/secret-box.ts";
import { deriveKey } from "./platform/crypto/secrets.ts";
import { openYardKeys } from "./platform/crypto/yard-keys.ts";
import { type DataDirectory, openDataDirectory } from "./platform/data-directory.ts";
import { openDatabase } from "./platform/db/database.ts";
import type { ListenSpec } from "./platform/http/listen-spec.ts";
import { createHttpServer, type HttpServer } from "./platform/http/server.ts";
import { openInstances } from "./platform/instances/instances.ts";
import { createLog, type Log } from "./platform/log.ts";
import { createMetrics } from "./platform/metrics.ts";
import { openReserve } from "./platform/reserve.ts";
import { every } from "./platform/timers.ts";
import { createPrograms, programDirectory } from "./programs.ts";
import { openSnapshots } from "./snapshots/snapshots.ts";
import { openTasks, usualTaskSettings } from "./tasks/room.ts";
import { packageVersion } from "./version.ts";
import { closedDirectories, openAppMeshSettings } from "./yard/appmesh.ts";
import { openBus, openPeersRedis, openRedisIfAny } from "./yard/bus.ts";
import { certificateFile, certificatePath, tlsSource } from "./yard/certificates.ts";
import { openEmbeddedWorker } from "./yard/embedded-worker.ts";
import { clearTeam, collectGarbage, housekeeping, removeArtifacts } from "./yard/housekeeping.ts";
import { localHostParts } from "./yard/local-host.ts";
import { mcpParts } from "./yard/mcp.ts";
import { mitosisParts } from "./yard/mitosis.ts";
import { openScriptRoom } from "./yard/scripts.ts";
import { createShutdownSwitch } from "./yard/shutdown-switch.ts";
import { openStorage } from "./yard/storage.ts";
import { yardApiParts } from "./yard/yard-api.ts";

export interface Yard extends AsyncDisposable {
  readonly urls: readonly string[];
  /** Of the administrator that this start has made up; known nowhere else. */
  readonly adminPassword: string | undefined;
  readonly http: HttpServer;
  readonly identity: Identity;
  readonly apps: Apps;
  /** Resolves once an administrator has asked for the end of the server through an API. */
  readonly stopRequested: Promise<void>;
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
  const keys = await openYardKeys({ database, clock, directory: data.keys, masterKey: config.masterKey });
  const masterKey = keys.master;
  const redis = opened.use(await openRedisIfAny(config, log));
  const bus = await openBus({ redis, masterKey, log });
  const self = { id: data.id, name: hostname() };
  const instances = opened.use(await openInstances({ database, clock, log, self, essential }));
  const events = opened.use(
    createEventLog({ database, clock, retention: { maxRows: config.events.keepRows, maxAgeMs: config.events.keepMs } }),
  );
  const identity = opened.use(
    await openIdentity({ database, bus, clock, keys, settings: { lockout: config.lockout } }),
  );
  const firstAdmin = await ensureFirstAdmin({ database, users: identity.users }, { password: config.adminPassword });
  const localHost = opened.use(await openLocalHost(localHostParts(config, data, parts.launcher, log)));
  let isOpen = false;
  // A start that fails leaves no agent behind that it has started; one that was there before goes on.
  opened.defer(async () => {
    if (!isOpen && localHost.startedAgent) await localHost.stop({ graceMs: stopGraceMs });
  });
  const hosts = createHosts({ local: localHost });
  const secrets = createSecretBox(deriveKey(masterKey, "secrets at rest"));
  const listening: ListenSpec[] = []; // filled once it does
  const labels = createLabels({ database, clock, builtIn: builtInLabels() });
  const listeningOn = () => listening;
  const settingsSources = { config, data, database, labels, bus, log, listeners: listeningOn };
  const appMeshSettings = opened.use(await openAppMeshSettings(settingsSources));
  const owners = opened.use(cacheUserSummaries({ summaries: createUserSummaries({ database }), bus, clock }));
  const apps = opened.use(
    await createApps({
      ...{ database, secrets, events, essential, clock, log },
      variables: { ...runVariables, fixed: { [addressVariable]: addressFileIn(data.path) } },
      units: localHost.units,
      host: { id: localHost.id, find: instances.find },
      owners: withExecUsers(owners, appMeshSettings.execUserOf),
    }),
  );
  if (firstAdmin && config.examples) await beginWithExamples(firstAdmin.username, { identity, apps, log });
  const storage = opened.use(await openStorage({ config, directory: data.blobs, masterKey, database, clock, log }));
  const { blobs } = storage;
  const teamDirectory = opened.use(createTeamDirectory({ database, bus, clock }));
  const room = opened.use(
    await openTasks({
      ...{ database, bus, clock, log, settings: usualTaskSettings },
      beforeForgetting: (taskUuids) => removeArtifacts(storage.files, taskUuids),
    }),
  );
  const peersRedis = await openPeersRedis(config, { redis, masterKey, log });
  const shutdown = createShutdownSwitch(log);
  const snapshots = openSnapshots({ database, blobs, clock });
  const { scripts, heaps } = opened.use(
    await openScriptRoom({
      config,
      database,
      instances,
      bus,
      blobs,
      units: localHost.units,
      snapshots,
      masterKey,
      essential,
      clock,
      log,
    }),
  );
  const stopping = new AbortController();
  const { signal } = stopping;
  opened.use(every(collectionMs, () => collectGarbage({ snapshots, scripts, ...config.snapshots, signal, log })));
  opened.defer(() => stopping.abort()); // a collection may take minutes, and can be ended anywhere
  opened.use(every(housekeepingMs, () => housekeeping({ identity, events, heaps, room, log })));
  opened.use(
    clearRemovedTeams({
      database,
      clock,
      bus,
      log,
      clear: (teamId) => clearTeam(teamId, { scripts, snapshots, room, files: storage.files }),
    }),
  );

  const metrics = createMetrics();
  const http = opened.use(
    await createHttpServer({
      apis: [
        yardApi(
          yardApiParts({
            config,
            identity,
            apps,
            events,
            hosts,
            database,
            metrics,
            snapshots,
            essential,
          }),
        ),
        blobsApi(storage.signedBlobs, packageVersion()),
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
          programs: createPrograms({ directory: programDirectory(data.path), version: packageVersion() }),
          ...{ authenticator: identity.authenticator, teams: identity.teams, audit: identity.audit },
          open: config.scripts.open,
        }),
        mcpApi({
          ...mcpParts({ config, identity, essential, clock }),
          ...{ scripts, snapshots, apps },
          openapi: async (): Promise<string> => (await http.fastify.inject("/openapi/mcp-v8.json")).body,
        }),
        mitosisApi(
          mitosisParts({
            ...{ config, identity, teamDirectory, room, shutdown, essential },
            ...{ files: storage.files, redis: peersRedis },
          }),
        ),
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
    ...config.listenAppmesh.map((spec) => ({ ...spec, apis: ["appmesh"] })),
    ...config.listenMitosis.map((spec) => ({ ...spec, apis: ["mitosis", "blobs"] })),
  ]);
  // Those of App Mesh alone first: its clients are meant to ask there.
  const specs = listeners.map(({ spec }) => spec);
  const ofAll = specs.splice(0, config.listen.length);
  listening.push(...specs.slice(0, config.listenAppmesh.length), ...ofAll);
  const urls = listeners.slice(0, config.listen.length).map((listener) => listener.url);
  const certificate = config.listen[0]?.secure ? certificateFile(config, data) : undefined;
  await writeAddressFile(data.path, { url: urls[0]!, certificate });
  await ensureLocalKey({
    identity,
    yardId: data.id,
    directory: data.path,
    url: urls[0]!,
    certificate: certificatePath(config, data),
    log,
  });
  const trusted = certificatePath(config, data);
  const embeddedWorker = opened.use(
    await openEmbeddedWorker({
      ...{ identity, teamDirectory, bus, log, tasks: room.tasks, units: localHost.units },
      ...{ slots: config.workerSlots, launcher: parts.launcher, yardId: data.id, url: urls[0]! },
      directory: join(data.path, "worker"),
      certificate: trusted && (await readFile(trusted, "utf8")),
    }),
  );

  isOpen = true;
  const lifetime = opened.move();
  return {
    urls: listeners.map((listener) => listener.url),
    adminPassword: firstAdmin?.generatedPassword ?? undefined,
    ...{ http, identity, apps },
    stopRequested: shutdown.requested,
    async stopHost() {
      await embeddedWorker.stop();
      await localHost.stop({ graceMs: stopGraceMs });
    },
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  };
}

function databaseOptions(config: Config, data: DataDirectory) {
  if (config.databaseUrl !== undefined) return { dialect: "postgres", url: config.databaseUrl } as const;
  return { dialect: "sqlite", path: data.database } as const;
}
