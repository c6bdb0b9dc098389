/** The worker that a yard brings along, for the tasks of its administrator's team: `runyard worker`, as a unit of this machine's agent.
 *
 *  It is started when there is something to do and ends by itself when there was nothing for a while, so a yard that has no tasks pays nothing for
 *  it. Like all that the agent runs it goes on when the control plane is restarted, and finds the new one by the address in its directory. */
import { homedir } from "node:os";
import { join } from "node:path";
import { readLocalYard, writeLocalYard } from "../client/local-yard.ts";
import type { UnitSpec, UnitStatus, Units } from "../hosts/host.ts";
import type { Identity, User } from "../identity/identity.ts";
import type { TeamDirectory } from "../identity/team-directory.ts";
import type { Bus } from "../platform/bus/bus.ts";
import type { Topics } from "../platform/bus/topics.ts";
import { isYardError } from "../platform/errors.ts";
import type { Log } from "../platform/log.ts";
import { every } from "../platform/timers.ts";
import type { TaskCaller, TeamRef } from "../tasks/task.ts";
import type { Tasks } from "../tasks/tasks.ts";

export interface EmbeddedWorkerParts {
  /** Tasks at the same time; 0: there is no such worker. */
  readonly slots: number;
  /** Its own below the data directory. */
  readonly directory: string;
  /** No other yard on the same database has it. */
  readonly yardId: string;
  readonly launcher: readonly string[];
  readonly url: string;
  /** PEM, where it has to be trusted by name. */
  readonly certificate: string | undefined;
  readonly units: Units;
  readonly identity: Pick<Identity, "users" | "apiKeys" | "authenticator">;
  readonly teamDirectory: Pick<TeamDirectory, "byName">;
  readonly tasks: Pick<Tasks, "find">;
  readonly bus: Bus<Topics>;
  readonly log: Log;
}

/** Disposing of it leaves the worker running. */
export interface EmbeddedWorker extends AsyncDisposable {
  /** Ends the worker; its tasks wait for another one. */
  stop(): Promise<void>;
}

const unitId = "embedded-worker";
/** Tasks that a stopped worker has may take so long, so that it has taken its leave before it is killed. */
const grace = { tasks: "3s", unitMs: 8_000 } as const;
const idleExit = "5m";
/** What the bus has not told is found by then. */
const lookAgainMs = 30_000;
const leastBetweenStartsMs = 5_000;
const maxLogBytes = 1024 ** 2;

export async function openEmbeddedWorker(parts: EmbeddedWorkerParts): Promise<EmbeddedWorker> {
  const { units, log } = parts;
  await using opened = new AsyncDisposableStack();
  const end = async () => {
    await units.stop(unitId, { graceMs: grace.unitMs }).catch(unlessMissing);
    await units.remove(unitId);
  };
  const before = (await units.list()).find(({ id }) => id === unitId);
  if (before && before.meta?.slots !== parts.slots) await end();
  if (parts.slots === 0) return { stop: async () => {}, [Symbol.asyncDispose]: async () => {} };

  const owner = await firstAdministrator(parts.identity);
  const team = owner && (await parts.teamDirectory.byName(owner.username));
  if (!owner || !team) {
    log.warn("there is no active administrator: tasks need a worker that somebody starts with `runyard worker`");
    return { stop: end, [Symbol.asyncDispose]: async () => {} };
  }
  await writeAddress(parts, owner);
  opened.use(startOnDemand(parts, { owner, team }));
  const lifetime = opened.move();
  return {
    async stop() {
      await lifetime.disposeAsync(); // its end is no reason to start it again
      await end();
    },
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  };
}

interface Served {
  readonly owner: User;
  readonly team: TeamRef;
}

/** Starts the worker whenever a task waits that it may take, and none runs. */
function startOnDemand(parts: EmbeddedWorkerParts, { owner, team }: Served): AsyncDisposable {
  const { units, tasks, bus, log } = parts;
  const caller: TaskCaller = { userId: owner.id, username: owner.username, teams: new Map([[team.id, "owner"]]) };
  let isRunning = false;
  let looking: Promise<void> | undefined;
  let isOver = false;

  async function lookAndStart(): Promise<void> {
    try {
      const [waiting] = await tasks.find(caller, { team, states: ["ready"] }, { limit: 1 });
      if (waiting && !isRunning && !isOver) await units.put(unitOf(parts));
    } catch (error) {
      if (!isOver) log.warn({ err: error }, "the yard's own worker could not be started; it is tried again");
    }
  }

  /** One look at a time: tasks come by the thousand. */
  function look(): void {
    if (isRunning || isOver) return;
    looking ??= lookAndStart().finally(() => {
      looking = undefined;
    });
  }

  const stack = new AsyncDisposableStack();
  stack.use(bus.subscribe("task.ready", look));
  stack.use(
    units.watch((event) => {
      if (event.type === "synced") look();
      const isOurs = event.type === "unit" ? event.unit.id === unitId : event.type === "removed" && event.id === unitId;
      if (!isOurs) return;
      isRunning = event.type === "unit" && runs(event.unit);
      look(); // one that has just ended may have missed a task
    }),
  );
  stack.use(every(lookAgainMs, async () => look()));
  return {
    async [Symbol.asyncDispose]() {
      isOver = true;
      await stack.disposeAsync();
      await looking;
    },
  };
}

/** Or will by itself, after a failure. */
function runs({ enabled, runs: [run], nextStartAt }: UnitStatus): boolean {
  if (!enabled) return false;
  return nextStartAt !== undefined || (run !== undefined && run.exit === undefined && run.startError === undefined);
}

function unitOf({ launcher, directory, slots }: EmbeddedWorkerParts): UnitSpec {
  const places = ["--yard-directory", directory, "--directory", join(directory, "runs")];
  const times = ["--grace", grace.tasks, "--idle-exit", idleExit];
  const cache = process.env.NODE_COMPILE_CACHE;
  return {
    id: unitId,
    revision: Date.now(),
    sandbox: "host",
    process: {
      argv: [...launcher, "worker", ...places, "--slots", String(slots), ...times, "--label", "embedded"],
      cwd: homedir(),
      env: cache === undefined ? {} : { NODE_COMPILE_CACHE: cache },
      maxOutputBytes: maxLogBytes,
    },
    restart: { onExit: "always", codes: { "0": "no" }, minIntervalMs: leastBetweenStartsMs },
    enabled: true,
    keepRuns: 1,
    meta: { slots },
  };
}

async function firstAdministrator({ users }: EmbeddedWorkerParts["identity"]): Promise<User | undefined> {
  return (await users.list()).find((user) => user.state === "active" && user.roles.includes("admin"));
}

/** Where the yard is, and a key that is good for nothing but to register workers. */
async function writeAddress(parts: EmbeddedWorkerParts, owner: User): Promise<void> {
  const { identity, directory, url, certificate } = parts;
  const known = await readLocalYard(directory).catch(() => undefined); // damaged: made anew
  const isGood = known !== undefined && (await userOf(identity, known.token)) === owner.id;
  const token = isGood ? known.token : await newKey(parts, owner);
  await writeLocalYard(directory, { url, token, certificate });
}

async function userOf({ authenticator }: EmbeddedWorkerParts["identity"], token: string): Promise<string | undefined> {
  try {
    return (await authenticator.authenticate(token)).userId;
  } catch (error) {
    if (isYardError(error, "unauthenticated")) return undefined;
    throw error;
  }
}

async function newKey({ identity: { apiKeys }, yardId }: EmbeddedWorkerParts, owner: User): Promise<string> {
  const name = `worker of the yard ${yardId}`;
  for (const old of await apiKeys.list(owner.id)) if (old.name === name) await apiKeys.revoke(old.id);
  return (await apiKeys.create({ userId: owner.id, name, permissions: ["workers.register"] })).key;
}

function unlessMissing(error: unknown): void {
  if (!isYardError(error, "not_found")) throw error;
}
