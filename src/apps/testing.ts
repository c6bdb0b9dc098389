/** For tests: apps on a real agent and a real database. */
import { createHash } from "node:crypto";
import { openTestHost, type TestHost } from "../hosts/test-host.ts";
import { systemClock } from "../platform/clock.ts";
import { createSecretBox } from "../platform/crypto/secret-box.ts";
import { openTestDatabase, type TestDatabase } from "../platform/db/testing.ts";
import type { App, AppDefinition } from "./app.ts";
import { type Apps, createApps } from "./apps.ts";
import type { Actor, AppParts, Owner } from "./parts.ts";

export interface RecordedEvent {
  readonly topic: string;
  readonly subject: string;
  readonly data: Readonly<Record<string, string | number | null>>;
}

export interface TestYard extends AsyncDisposable {
  readonly apps: Apps;
  readonly host: TestHost;
  readonly database: TestDatabase;
  readonly events: readonly RecordedEvent[];
  readonly parts: AppParts;
  /** A user who exists, and may own apps. */
  addUser(name: string, teams?: readonly string[]): Promise<Actor>;
  /** Closes the apps, as a control plane that ends does, and opens them anew. */
  restart(while_?: () => Promise<void>): Promise<Apps>;
}

export async function openTestYard(): Promise<TestYard> {
  await using opened = new AsyncDisposableStack();
  const database = opened.use(await openTestDatabase("sqlite"));
  const host = opened.use(await openTestHost());
  const owners = new Map<string, Owner>();
  const events: RecordedEvent[] = [];
  const parts: AppParts = {
    database,
    units: host.units,
    host: { id: host.id, find: async () => undefined },
    secrets: createSecretBox(createHash("sha256").update("test").digest()),
    owners: { describe: async (ids) => new Map([...owners].filter(([id]) => ids.includes(id))) },
    essential: (work) => work(),
    events: { append: async (topic, subject, data) => void events.push({ topic, subject, data }) },
    clock: systemClock,
    log: { info() {}, warn() {} },
    variables: { appName: ["APP_NAME"], secret: ["APP_SECRET"], startedSeconds: ["APP_STARTED"] },
  };
  let apps = await createApps(parts);
  opened.defer(() => apps[Symbol.asyncDispose]());
  const lifetime = opened.move();

  return {
    ...{ host, database, events, parts },
    get apps() {
      return apps;
    },
    async addUser(name, teams = []) {
      const actor = { userId: `user_${name}`, username: name, isAdmin: false, teams: new Set(teams) };
      owners.set(actor.userId, { username: name, teams, execUser: "" });
      await database.kysely.insertInto("users").values(userRow(actor.userId, name)).execute();
      return actor;
    },
    async restart(whileAway) {
      await apps[Symbol.asyncDispose]();
      await whileAway?.();
      apps = await createApps(parts);
      return apps;
    },
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  };
}

export function definitionOf(argv: readonly string[], changes: Partial<AppDefinition> = {}): AppDefinition {
  return {
    argv,
    command: argv.join(" "),
    shell: false,
    sessionLogin: false,
    env: {},
    secretEnv: {},
    exit: { action: "standby", byCode: {} },
    keepOutputs: 0,
    ...changes,
  };
}

export function script(text: string, changes: Partial<AppDefinition> = {}): AppDefinition {
  return definitionOf(["/bin/sh", "-c", text], changes);
}

/** Of the current run, which must have been started. */
export function pidOf({ name, runtime }: App): number {
  const pid = runtime.runs[0]?.pid;
  if (pid === undefined) throw new Error(`${name} has no process`);
  return pid;
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function userRow(id: string, username: string) {
  return {
    ...{ id, username, username_key: username, display_name: username, exec_user: "" },
    ...{ email: null, email_key: null, password_hash: null, digest_hash: null, totp_secret: null, metadata: null },
    ...{ state: "active" as const, totp_enabled: 0, totp_last_step: 0, token_epoch: 0, created_at: 0, updated_at: 0 },
  };
}
