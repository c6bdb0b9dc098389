/** The agent: owns everything that runs on this host, and serves it to the control plane. Its parts are put together here. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after } from "../platform/timers.ts";
import { openHostDriver } from "../sandboxes/host/driver.ts";
import { openNamespaceDriver } from "../sandboxes/namespace/driver.ts";
import type { LocalSandboxDriver } from "../sandboxes/sandbox.ts";
import { lockDirectory } from "./directory-lock.ts";
import { hostRoutes } from "./host-routes.ts";
import { findSandbox, sandboxRoutes } from "./sandbox-routes.ts";
import { openAgentServer } from "./server.ts";
import { unitRoutes } from "./unit-routes.ts";
import { openUnits } from "./units.ts";

export interface AgentOptions {
  /** Journals and outputs. */
  readonly directory: string;
  readonly socketPath: string;
  readonly version: string;
  /** Without a connected control plane for so long, everything is stopped and the agent ends. Absent: it waits for ever. */
  readonly orphanAfterMs?: number;
  readonly log: (message: string) => void;
}

export interface Agent extends AsyncDisposable {
  /** Settles once everything is stopped and closed: by `shutdown`, by a client's request, or for want of a control plane. */
  readonly closed: Promise<void>;
  /** Ends all that runs, SIGKILL following SIGTERM after `graceMs`, then the agent. Disposing does the same with 5 s. */
  shutdown(options: { graceMs: number }): Promise<void>;
}

const defaultGraceMs = 5_000;

/** @throws {YardError} conflict, when another agent has that directory or socket */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const { directory, socketPath, version, orphanAfterMs, log } = options;
  const startedAt = Date.now();
  await using opened = new AsyncDisposableStack();
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  opened.use(await lockDirectory(directory)); // before anything in it is read

  const host = opened.use(await openHostDriver({ directory: join(directory, "host"), onNotice: log }));
  const namespace = opened.use(await openNamespaceDriver({ directory: join(directory, "namespace"), onNotice: log }));
  const drivers = new Map<string, LocalSandboxDriver>([host, namespace].map((driver) => [driver.name, driver]));
  const units = opened.use(openUnits({ directory, sandbox: (id) => findSandbox(drivers, id), log }));

  const { promise: closed, resolve } = Promise.withResolvers<void>();
  let closing: Promise<void> | undefined;
  const shutdown = (options: { graceMs: number }): Promise<void> => {
    closing ??= close(options).finally(resolve);
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
  const routes = {
    ...hostRoutes({ version, startedAt, drivers, leaders, shutdown: (options) => void shutdown(options) }),
    ...unitRoutes(units),
    ...sandboxRoutes(drivers),
  };
  await units.recover();
  opened.use(await openAgentServer({ socketPath, routes, log, onConnections: watchForOrphaning }));
  watchForOrphaning(0);
  const parts = opened.move();
  return { closed, shutdown, [Symbol.asyncDispose]: () => shutdown({ graceMs: defaultGraceMs }) };
}

/** What runs in sandboxes without being a unit. */
async function stopAll(drivers: ReadonlyMap<string, LocalSandboxDriver>, graceMs: number): Promise<void> {
  for (const driver of drivers.values()) {
    for (const sandbox of await driver.sandboxes()) {
      await sandbox.pausing?.resume(); // what is frozen does not die
      await Promise.all((await sandbox.processes()).map((process) => process.stop({ graceMs })));
    }
  }
}
