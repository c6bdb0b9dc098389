/** For tests: hosts in a real database, under a clock that the test sets. */
import { generateKeyPairSync } from "node:crypto";
import type { Clock } from "../platform/clock.ts";
import { newSigningKey, signingKeysFrom } from "../platform/crypto/signing-keys.ts";
import type { Database } from "../platform/db/database.ts";
import { createEnrolment, type Enrolment } from "./enrolment.ts";
import type { HostRecord } from "./host-record.ts";
import { createHostTokens, type HostTokens } from "./host-tokens.ts";
import { createHostRegistry, type HostRegistry, type NewHost } from "./registry.ts";

export interface TestEnrolment extends AsyncDisposable {
  readonly database: Database;
  readonly clock: Clock & { advance(ms: number): void };
  readonly registry: HostRegistry;
  readonly tokens: HostTokens;
  readonly enrolment: Enrolment;
  /** Ids of hosts one of whose tokens came twice. */
  readonly reused: readonly string[];
  add(changes?: Partial<NewHost>): Promise<HostRecord>;
  /** A host that a machine has joined as, with its credentials. */
  join(): ReturnType<Enrolment["register"]>;
}

/** Closes the database with itself. */
export async function openTestEnrolment(opening: Promise<Database>): Promise<TestEnrolment> {
  const database = await opening;
  let elapsed = 0;
  const start = Date.UTC(2030, 0, 1);
  const clock = {
    now: () => start + elapsed,
    monotonic: () => elapsed,
    advance(ms: number) {
      elapsed += ms;
    },
  };
  const registry = createHostRegistry({ database, clock });
  const tokens = createHostTokens({ keys: await signingKeysFrom(newSigningKey(), "the test's key"), clock });
  const reused: string[] = [];
  const enrolment = createEnrolment({
    ...{ database, clock, registry, tokens },
    successorKey: generateKeyPairSync("ed25519").publicKey.export({ type: "spki", format: "der" }),
    onReuse: async ({ id }) => void reused.push(id),
    changed: async () => {},
  });
  const add: TestEnrolment["add"] = (changes) => registry.create({ kind: "regular", createdBy: "user_1", ...changes });
  return {
    ...{ database, clock, registry, tokens, enrolment, reused, add },
    join: async () => enrolment.register(await enrolment.invite((await add()).id), { name: "rig" }),
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}
