/** The agent: owns everything that runs on this host, and serves it to the control plane. Its parts are put together here. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { after } from "../platform/timers.ts";
import { openContainerDriver } from "../sandboxes/container/driver.ts";
import { openHostDriver } from "../sandboxes/host/driver.ts";
import { openMicrovmDriver } from "../sandboxes/microvm/driver.ts";
import { openNamespaceDriver } from "../sandboxes/namespace/driver.ts";
import type { LocalSandbox, LocalSandboxDriver } from "../sandboxes/sandbox.ts";
import { dialRoutes } from "./dial-route.ts";
import { lockDirectory } from "./directory-lock.ts";
import { dockerRoutes } from "./docker-route.ts";
import { fileRoutes } from "./file-routes.ts";
import { hostRoutes } from "./host-routes.ts";
import { imageRoutes } from "./image-routes.ts";
import { inhabitantRoutes } from "./inhabitant-routes.ts";
import { createSandboxLookup, findSandbox } from "./sandbox-lookup.ts";
import { sandboxReportRoutes } from "./sandbox-report-routes.ts";
import { sandboxRoutes } from "./sandbox-routes.ts";
import { openAgentServer } from "./server.ts";
import { openStackPlaces } from "./stack-places.ts";
import { stackRoutes } from "./stack-routes.ts";
import { templateRoutes } from "./template-routes.ts";
import { unitRoutes } from "./unit-routes.ts";
import { openUnits } from "./units.ts";

export { dockerSockets } from "../platform/docker/engine.ts";

export interface AgentOptions {
  /** Journals and outputs. */
  readonly directory: string;
  readonly socketPath: string;
  readonly version: string;
  /** Without a connected control plane for so long, everything is stopped and the agent ends. Absent: it waits for ever. */
  readonly orphanAfterMs?: number;
  /** Where the Docker engine may listen: the first that is there. Without any there are no containers. */
  readonly dockerSockets?: readonly string[];
  readonly log: (message: string) => void;
}

export interface Agent extends AsyncDisposable {
  /** Settles once everything is stopped and closed: by `shutdown`, by a client's request, or for want of a control plane. */
  readonly closed: Promise<void>;
  /** Ends all that runs, SIGKILL following SIGTERM after `graceMs`, then the agent. Disposing does the same with 5 s. */
  shutdown(options: { graceMs: number }): Promise<void>;
  /** Closes it and lets what runs go on: the next agent of this directory takes it over. */
  leave(): Promise<void>;
  /** Serves a control plane at the other end of that connection, too. */
  serve(transport: Duplex): void;
}

const defaultGraceMs = 5_000;
/** Beyond the grace: for killing, and for whatever answers that it is done. A control plane waits 15 s for all of the ending. */
const stopTimeMs = 8_000;
/** Kept ready, once one was asked for: enough for a few callers at the same moment, at a megabyte each. */
const warmSandboxes = 4;

/** @throws {YardError} conflict, when another agent has that directory or socket */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const { directory, socketPath, version, orphanAfterMs, log } = options;
  const startedAt = Date.now();
  await using opened = new AsyncDisposableStack();
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  opened.use(await lockDirectory(directory)); // before anything in it is read

  const host = opened.use(await openHostDriver({ directory: join(directory, "host"), onNotice: log }));
  const namespace = opened.use(
    await openNamespaceDriver({ directory: join(directory, "namespace"), warm: warmSandboxes, onNotice: log }),
  );
  const container = opened.use(
    await openContainerDriver({
      directory: join(directory, "container"),
      socketPaths: options.dockerSockets ?? [],
      onNotice: log,
    }),
  );
  const microvm = opened.use(await openMicrovmDriver({ directory: join(directory, "microvm"), onNotice: log }));
  const drivers = new Map<string, LocalSandboxDriver>(
    [host, namespace, container, microvm].map((driver) => [driver.name, driver]),
  );
  const units = opened.use(
    openUnits({ directory, sandbox: (id) => findSandbox(drivers, id), containers: container.programs, log }),
  );

  const { promise: closed, resolve } = Promise.withResolvers<void>();
  let closing: Promise<void> | undefined;
  const shutdown = (options: { graceMs: number }): Promise<void> => {
    closing ??= close(options).finally(resolve);
    return closing;
  };
  const leave = (): Promise<void> => {
    closing ??= Promise.try(() => parts.disposeAsync()).finally(resolve);
    return closing;
  };
  async function close({ graceMs }: { graceMs: number }): Promise<void> {
    orphaned?.[Symbol.dispose]();
    await units.shutdown({ graceMs });
    await stopAll(drivers, graceMs);
    await parts.disposeAsync();
  }

  let orphaned: Disposable | undefined;
  function watchForOrphaning(connections: number): void {
    orphaned?.[Symbol.dispose]();
    orphaned = undefined;
    if (connections > 0 || orphanAfterMs === undefined || closing) return;
    orphaned = after(orphanAfterMs, () => {
      log(`No control plane for ${orphanAfterMs} ms: stopping everything.`);
      void shutdown({ graceMs: defaultGraceMs });
    });
  }

  const leaders = () =>
    units.list().flatMap(({ runs }) => runs.flatMap(({ pid, exit }) => (pid !== undefined && !exit ? [pid] : [])));
  const find = createSandboxLookup(drivers);
  const routes = {
    ...hostRoutes({ directory, version, startedAt, drivers, leaders, shutdown: (options) => void shutdown(options) }),
    ...unitRoutes(units),
    ...sandboxReportRoutes(drivers),
    ...sandboxRoutes(drivers, find),
    ...fileRoutes(find),
    ...dialRoutes(find),
    ...dockerRoutes(options.dockerSockets ?? []),
    ...inhabitantRoutes(find),
    ...imageRoutes(drivers, find),
    ...templateRoutes(find),
    ...stackRoutes(await openStackPlaces(join(directory, "stacks"))),
  };
  await units.recover();
  const { serve } = opened.use(await openAgentServer({ socketPath, routes, log, onConnections: watchForOrphaning }));
  watchForOrphaning(0);
  const parts = opened.move();
  return { closed, shutdown, leave, serve, [Symbol.asyncDispose]: () => shutdown({ graceMs: defaultGraceMs }) };
}

/** All sandboxes, and what runs in them without being a unit: nothing of them is left in the machine but their files. What cannot be reached, as its engine is gone
 *  or hangs, keeps neither the others nor the agent from ending: the next agent takes it over. */
async function stopAll(drivers: ReadonlyMap<string, LocalSandboxDriver>, graceMs: number): Promise<void> {
  const lists = await Promise.all([...drivers.values()].map((driver) => driver.sandboxes()));
  const stopped = Promise.allSettled(lists.flat().map((sandbox) => stop(sandbox, graceMs)));
  const { promise: late, resolve: giveUp } = Promise.withResolvers<void>();
  using _limit = setTimeout(giveUp, graceMs + stopTimeMs);
  await Promise.race([stopped, late]);
}

async function stop(sandbox: LocalSandbox, graceMs: number): Promise<void> {
  if (sandbox.stop) return sandbox.stop({ graceMs });
  await Promise.allSettled((await sandbox.processes()).map((process) => process.stop({ graceMs })));
}
