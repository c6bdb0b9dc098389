/** Identity for tests: real in all but time and the cost of its hashes. */
import { type Bus, createBus } from "../platform/bus/bus.ts";
import type { Topics } from "../platform/bus/topics.ts";
import type { Clock } from "../platform/clock.ts";
import { openYardKeys } from "../platform/crypto/yard-keys.ts";
import type { Database } from "../platform/db/database.ts";
import { temporaryDirectory } from "../platform/testing/temporary-directory.ts";
import type { Identity, IssuedToken } from "./identity.ts";
import { type IdentitySettings, openIdentity } from "./open.ts";
import type { Principal } from "./principal.ts";

/** Time that passes when a test says so. */
export interface TestClock extends Clock {
  advance(ms: number): void;
}

export function createTestClock(start = Date.UTC(2030, 0, 1)): TestClock {
  let elapsed = 0;
  const advance = (ms: number) => {
    elapsed += ms;
  };
  return { now: () => start + elapsed, monotonic: () => elapsed, advance };
}

export interface TestIdentity extends Identity {
  readonly clock: TestClock;
  readonly database: Database;
  /** The token of a new session. @throws when a second step is asked for */
  token(username: string, password?: string): Promise<IssuedToken>;
  /** Whoever has just logged in. */
  principal(username: string): Promise<Principal>;
  /** Another replica on the same database and keys, which hears of this one's changes only if the bus is shared. */
  replica(options?: { sharedBus: boolean }): Promise<Identity>;
}

export const testPassword = "right password";
export const cheapHashes = { memoryKiB: 8, passes: 1, parallelism: 1 };

/** Closes its database with itself. */
export async function openTestIdentity(
  opening: Promise<Database>,
  settings: IdentitySettings = {},
): Promise<TestIdentity> {
  await using opened = new AsyncDisposableStack();
  const database = opened.use(await opening);
  const data = opened.use(temporaryDirectory());
  const clock = createTestClock();
  const keys = await openYardKeys({ database, clock, directory: `${data.path}/keys` });
  const newBus = () => createBus<Topics>({ onError: (error) => process.emitWarning(String(error)) });
  const ownBus = newBus();
  const open = (bus: Bus<Topics>) => {
    return openIdentity({
      database,
      bus,
      clock,
      keys,
      settings: { hashCosts: cheapHashes, ...settings },
    });
  };
  const identity = opened.use(await open(ownBus));
  const token: TestIdentity["token"] = async (username, password = testPassword) => {
    const result = await identity.sessions.login({ username, password }, { api: "test" });
    if (result.kind !== "session") throw new Error(`${username} is asked for a code`);
    return result.issued;
  };
  const lifetime = opened.move();
  return {
    ...identity,
    clock,
    database,
    token,
    principal: async (username) => identity.authenticator.authenticate((await token(username)).token),
    async replica({ sharedBus } = { sharedBus: false }) {
      return lifetime.use(await open(sharedBus ? ownBus : newBus()));
    },
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  };
}
