/** For tests: capsules on a real agent and a real database. */
import type { Host } from "../hosts/host.ts";
import { openTestHost, type TestHost } from "../hosts/test-host.ts";
import { openFileBlobStore } from "../platform/blobs/file-store.ts";
import { systemClock } from "../platform/clock.ts";
import type { DialectName } from "../platform/db/database.ts";
import { openTestDatabase, type TestDatabase } from "../platform/db/testing.ts";
import { YardError } from "../platform/errors.ts";
import { skipUnless } from "../platform/testing/parts.ts";
import { temporaryDirectory } from "../platform/testing/temporary-directory.ts";
import { findPrograms } from "../sandboxes/namespace/availability.ts";
import type { CapsuleEvent, CapsuleScope, Capsules } from "./capsule.ts";
import { openCapsules } from "./capsules.ts";
import type { CapsuleHosts, CapsuleParts, CapsuleSettings } from "./parts.ts";

export interface TestCapsules extends AsyncDisposable {
  readonly capsules: Capsules;
  readonly host: TestHost;
  readonly database: TestDatabase;
  /** What was told, as `capsule.created`. */
  readonly told: readonly CapsuleEvent[];
  readonly parts: CapsuleParts;
  /** Whether the yard does not reach its host. */
  loseHost(isAway: boolean): void;
  /** Closes the capsules, as a yard that ends does, and opens them anew. */
  restart(whileAway?: () => Promise<void>): Promise<void>;
}

export const scope: CapsuleScope = { teamId: "team_a", actor: { kind: "user", id: "user_a", name: "ann" } };

const { availability } = await findPrograms();
export const skipWithoutNamespaces = skipUnless(
  availability.usable,
  "what namespace sandboxes need",
  JSON.stringify(availability),
);

const quickTimes = {
  idleCheckMs: 50,
  hostCheckMs: 20,
  reconcileMs: 60_000,
  missingAfterMs: 100,
  sampleMs: 50,
  moveRetryMs: 50,
};

export async function openTestCapsules({
  dialect = "sqlite",
  settings,
}: {
  dialect?: DialectName;
  settings?: Partial<CapsuleSettings>;
} = {}): Promise<TestCapsules> {
  await using opened = new AsyncDisposableStack();
  const database = opened.use(await openTestDatabase(dialect));
  const host = opened.use(await openTestHost());
  const { path: directory } = opened.use(temporaryDirectory());
  const blobs = opened.use(await openFileBlobStore({ directory, clock: systemClock }));
  const told: CapsuleEvent[] = [];
  let isHostAway = false;
  const parts: CapsuleParts = {
    database,
    hosts: oneHost(host, () => isHostAway),
    blobs,
    events: { append: async () => {} },
    tell: (event) => void told.push(event),
    essential: (work) => work(),
    settings: {
      driver: "namespace",
      quota: { capsules: 10, vcpus: 20, memoryMb: 10_000 },
      times: quickTimes,
      ...settings,
    },
    clock: systemClock,
    log: { info() {}, warn() {}, error: console.error },
  };
  opened.defer(() => clearHost(host));
  let capsules = openCapsules(parts);
  opened.defer(() => capsules[Symbol.asyncDispose]());
  const lifetime = opened.move();
  return {
    ...{ host, database, told, parts },
    get capsules() {
      return capsules;
    },
    loseHost(isAway) {
      isHostAway = isAway;
    },
    async restart(whileAway) {
      await capsules[Symbol.asyncDispose]();
      await whileAway?.();
      capsules = openCapsules(parts);
    },
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  };
}

/** All of it would outlive the agent. */
async function clearHost(host: TestHost): Promise<void> {
  for (const { driver, id } of await host.sandboxes())
    await (await host.driver(driver).reattach({ driver, version: 1, id })).destroy({ graceMs: 0 });
  const { templates } = host.driver("namespace");
  for (const { name } of (await templates?.list()) ?? []) if (name !== "minimal") await templates?.remove(name);
}

/** One host, which may be said to be away. */
function oneHost(host: TestHost, isAway: () => boolean): CapsuleHosts {
  const shown: Host = {
    ...host,
    get connected() {
      return !isAway() && host.connected;
    },
    async sandboxes() {
      if (isAway()) throw new YardError("unavailable", "the host is away");
      return host.sandboxes();
    },
  };
  return {
    list: () => [shown],
    find: async (id) => (id === host.id ? { name: host.name, isLive: shown.connected } : undefined),
    async place({ driver }) {
      const availability = await host.driver(driver).available();
      if (availability.usable) return shown;
      throw new YardError("unavailable", availability.reason, { field: "host" });
    },
  };
}
