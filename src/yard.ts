import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { addressFileIn, addressVariable, writeAddressFile } from "./address-file.ts";
import { appMeshApi } from "./apis/appmesh/index.ts";
import { runVariables } from "./apis/appmesh/process-environment.ts";
import { createSeal } from "./apis/appmesh/seal.ts";
import { dockmeshApi } from "./apis/dockmesh/index.ts";
import { mcpApi } from "./apis/mcp/index.ts";
import { mcpV8Api } from "./apis/mcpv8/index.ts";
import { mitosisApi } from "./apis/mitosis/index.ts";
import { wrennApi } from "./apis/wrenn/index.ts";
import { blobsApi } from "./apis/yard/blobs.ts";
import { yardApi } from "./apis/yard/index.ts";
import { type Apps, createApps } from "./apps/apps.ts";
import { withExecUsers } from "./apps/exec-users.ts";
import { createLabels } from "./apps/labels.ts";
import { builtInLabels } from "./apps/labels-built-in.ts";
import type { Config } from "./config.ts";
import { registerConsolePages } from "./console/pages.ts";
import { createInventories } from "./containers/inventory/inventories.ts";
import { openStacks } from "./containers/stacks/stacks.ts";
import { openTemplates } from "./containers/templates/templates.ts";
import { beginWithExamples } from "./examples.ts";
import type { Hosts } from "./hosts/hosts.ts";
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
import { createRowChanges } from "./platform/bus/row-changes.ts";
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
import { createAgentRoom } from "./yard/agents.ts";
import { closedDirectories, openAppMeshSettings } from "./yard/appmesh.ts";
import { openAuditRoom } from "./yard/audit.ts";
import { openBus, openPeersRedis, openRedisIfAny } from "./yard/bus.ts";
import { openCapsuleRoom } from "./yard/capsules.ts";
import { certificateFile, certificatePath, tlsSource } from "./yard/certificates.ts";
import { hearChanges } from "./yard/console-changes.ts";
import { tellingEvents } from "./yard/console-events.ts";
import { consoleParts, openLoads } from "./yard/console-parts.ts";
import { openContainerRoom, openEngineServices } from "./yard/containers.ts";
import { dockmeshParts } from "./yard/dockmesh.ts";
import { openEmbeddedWorker } from "./yard/embedded-worker.ts";
import { openFleetWatch } from "./yard/fleet-watch.ts";
import { openFleetWide } from "./yard/fleet-wide.ts";
import { openHostRoom } from "./yard/hosts.ts";
import { clearTeam, collectGarbage, housekeeping, removeArtifacts } from "./yard/housekeeping.ts";
import { localHostParts } from "./yard/local-host.ts";
import { mcpParts } from "./yard/mcp.ts";
import { mitosisParts } from "./yard/mitosis.ts";
import { openNotificationRoom } from "./yard/notifications.ts";
import { openScriptRoom } from "./yard/scripts.ts";
import { createShutdownSwitch } from "./yard/shutdown-switch.ts";
import { openStackDirectories } from "./yard/stack-files.ts";
import { openStorage } from "./yard/storage.ts";
import { openPortGateway, wrennParts } from "./yard/wrenn.ts";
import { yardApiParts } from "./yard/yard-api.ts";

export interface Yard extends AsyncDisposable {
  readonly urls: readonly string[];
  /** Of the administrator that this start has made up; known nowhere else. */
  readonly adminPassword: string | undefined;
  readonly http: HttpServer;
  readonly identity: Identity;
  readonly apps: Apps;
  readonly hosts: Hosts;
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

/** Where it lies beside src/ and beside dist/ alike. */
const consoleDirectory = join(import.meta.dirname, "../console/dist");
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
  const rowChanges = opened.use(createRowChanges(bus));
  const changesHeard = hearChanges(rowChanges);
  const retention = { maxRows: config.events.keepRows, maxAgeMs: config.events.keepMs };
  const events = opened.use(tellingEvents(createEventLog({ database, clock, retention }), rowChanges));
  const identity = opened.use(
    await openIdentity({ database, bus, clock, keys, settings: { lockout: config.lockout, openid: config.openid } }),
  );
  const firstAdmin = await ensureFirstAdmin({ database, users: identity.users }, { password: config.adminPassword });
  const localHost = opened.use(await openLocalHost(localHostParts(config, data, parts.launcher, log)));
  let isOpen = false;
  // A start that fails leaves no agent behind that it has started; one that was there before goes on.
  opened.defer(async () => {
    if (!isOpen && localHost.startedAgent) await localHost.stop({ graceMs: stopGraceMs });
  });
  const secrets = createSecretBox(deriveKey(masterKey, "secrets at rest"));
  const notifications = opened.use(openNotificationRoom({ config, database, secrets, clock, log }));
  const audit = opened.use(openAuditRoom({ config, database, secrets, clock, log }));
  const hostRoom = opened.use(
    await openHostRoom({
      ...{ config, database, keys, identity, instances, bus, events, clock, log },
      ...{ local: localHost, tell: notifications.tell },
    }),
  );
  const hosts = hostRoom.fleet;
  const hostTokens = {
    authenticate: async (token: string) => ({ hostId: (await hostRoom.enrolment.authenticate(token)).id }),
  };
  const listening: ListenSpec[] = []; // filled once it does
  const labels = createLabels({ database, clock, builtIn: builtInLabels() });
  const listeningOn = () => listening;
  const settingsSources = { config, data, database, labels, bus, log, listeners: listeningOn };
  const appMeshSettings = opened.use(await openAppMeshSettings(settingsSources));
  const owners = opened.use(cacheUserSummaries({ summaries: createUserSummaries({ database }), bus, clock }));
  const apps = opened.use(
    await createApps({
      ...{ database, secrets, events, essential, clock, log },
      changed: changesHeard.apps,
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
      changes: changesHeard.tasks,
      beforeForgetting: (taskUuids) => removeArtifacts(storage.files, taskUuids),
    }),
  );
  const capsules = opened.use(
    openCapsuleRoom({
      ...{ config, database, hosts, blobs, events, essential, clock, log },
      tell: notifications.tell,
      changed: changesHeard.capsules,
    }),
  );
  const agents = createAgentRoom({
    ...{ config, data, database, secrets, bus, essential, clock, log },
    ...{ hosts: hostRoom, audit: identity.audit },
  });
  const removal = hostRoom.removal(capsules.onHosts);
  const dockerHosts = opened.use(openContainerRoom(hostRoom.fleet, config));
  const inventories = opened.use(createInventories(dockerHosts));
  const stackFiles = opened.use(await openStackDirectories({ config, data, database, essential, log }));
  const { namedUrls, ...fleetWide } = openFleetWide({ config, database, secrets, clock });
  const { credentialsFor } = fleetWide.registries;
  const engineServices = opened.use(
    openEngineServices({ dockerHosts, database, instances, clock, log, credentialsFor }),
  );
  const stacks = opened.use(
    await openStacks({
      ...{ database, self: data.id, files: stackFiles, dockerHosts, images: engineServices.imagePulls },
      ...{ bus, clock, log, essential, globalEnv: fleetWide.globalEnv.variables, settleMs: config.stacks.settleMs },
    }),
  );
  const watch = opened.use(
    openFleetWatch({
      ...{ dockerHosts, fleet: hostRoom.fleet, notifications, database, bus, clock, log },
      engines: inventories,
      stackFiles,
      placements: stacks.placements,
    }),
  );
  const loads = opened.use(openLoads({ fleet: hosts, machines: watch.machines, clock }));
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
      changed: changesHeard.executions,
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
      clear: (teamId) =>
        clearTeam(teamId, {
          scripts,
          snapshots,
          room,
          capsules,
          channels: notifications.channels,
          files: storage.files,
        }),
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
            console: consoleParts({
              ...{ config, database, identity, teamDirectory, apps, dockerHosts, inventories, stackFiles, stacks },
              ...{ taskOutputs: room.outputs, fleet: hosts, loads, bus, essential, clock, log },
            }),
            hosts,
            hostAgents: { ...hostRoom.enrolment, moor: hosts.moor },
            database,
            metrics,
            snapshots,
            capsules,
            teamDirectory,
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
        wrennApi(
          wrennParts({
            ...{ config, masterKey, identity, teamDirectory, capsules, essential },
            channels: notifications.channels,
            ...{ hosts: { ...hostRoom, removal }, hostTokens },
          }),
        ),
        dockmeshApi(
          dockmeshParts({
            ...{ dockerHosts, inventories, engineServices, stackFiles, stacks, ...fleetWide },
            ...{ identity, watch, audit, database, startedAt, essential },
            fleetChannels: notifications.fleetChannels,
            templates: await openTemplates({ database, clock }),
            agents: agents.partsFor({ ...hostRoom, removal, namedUrls }),
            sessionLimits: config.dockmeshSessions,
          }),
        ),
      ],
      apart: [agents.api],
      ...{ log, metrics },
      tls: tlsSource(config, data),
      pages: (app) => registerConsolePages(app, { directory: consoleDirectory }),
      gateway: openPortGateway({ config, identity, teamDirectory, capsules, log }),
      shutdownGraceMs: config.shutdownGraceMs,
      trustedProxies: config.trustedProxies,
      validateResponses: parts.validateResponses,
    }),
  );
  const listeners = await http.listen([
    ...config.listen,
    ...config.listenAppmesh.map((spec) => ({ ...spec, apis: ["appmesh"] })),
    ...config.listenMitosis.map((spec) => ({ ...spec, apis: ["mitosis", "blobs"] })),
    ...config.listenWrenn.map((spec) => ({ ...spec, apis: ["wrenn"] })),
    ...config.listenDockmesh.map((spec) => ({ ...spec, apis: ["dockmesh"] })),
  ]);
  await agents.listen(http);
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
    ...{ http, identity, apps, hosts },
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
