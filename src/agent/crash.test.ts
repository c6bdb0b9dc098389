/** What the death of the agent must not do to what it runs. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { isAlive, listPids, readEnvironment, readStat } from "../platform/process/procfs.ts";
import { temporaryDirectory } from "../platform/testing/temporary-directory.ts";
import { until } from "../platform/testing/until.ts";
import type { UnitStatus } from "./protocol.ts";
import { type KillableAgent, spawnAgent } from "./testing/agent-process.ts";
import { type AgentClient, currentRun, shellUnit } from "./testing/client.ts";

const counter = "i=0; while :; do echo $i; i=$((i+1)); done";

test("an app goes on through five deaths of the agent: same process, no gap in its output, true until unknown", async () => {
  using directory = temporaryDirectory();
  await using agents = new AgentLine(directory.path);
  let agent = await agents.next();
  const slowCounter = "i=0; while :; do echo $i; i=$((i+1)); sleep 0.002; done";
  const { pid = 0, id } = currentRun(await agent.client.unit("PUT", "/v1/units/c", shellUnit("c", slowCounter)));
  const { startTicks = 0 } = readStat(pid) ?? {};
  for (let death = 0; death < 5; death++) {
    await agent.kill();
    assert.ok(isAlive(pid, startTicks), "the app outlives the agent");
    agent = await agents.next();
    const run = currentRun(await agent.client.unit("GET", "/v1/units/c"));
    assert.deepEqual([run.id, run.pid, run.exit], [id, pid, undefined]);
  }
  const unit = await agent.client.unit("POST", "/v1/units/c/stop?graceMs=0");
  const { exit } = currentRun(unit);
  assert.deepEqual([exit?.code, exit?.signal], [null, null], "nobody but its parent could know");
  assert.equal(unit.starts, 1);
  const { bytes } = await agent.client.call("GET", "/v1/units/c/output?position=0&maxBytes=16000000");
  const numbers = bytes.toString().trimEnd().split("\n");
  assert.ok(numbers.length > 100);
  for (const [i, line] of numbers.entries()) assert.equal(line, `${i}`);
});

test("what ended while there was no agent has an unknown exit, and starts again if it should", async () => {
  using directory = temporaryDirectory();
  await using agents = new AgentLine(directory.path);
  const agent = await agents.next();
  const once = currentRun(await agent.client.unit("PUT", "/v1/units/o", shellUnit("o", "echo out; exec sleep 300")));
  const spec = shellUnit("a", "exec sleep 300", { restart: { onExit: "always", minIntervalMs: 0 }, keepRuns: 1 });
  const always = currentRun(await agent.client.unit("PUT", "/v1/units/a", spec));
  await agent.kill();
  process.kill(once.pid ?? 0, "SIGKILL");
  process.kill(always.pid ?? 0, "SIGKILL");
  const { client } = await agents.next();
  const ended = currentRun(await client.unit("GET", "/v1/units/o/ended?timeoutMs=5000"));
  assert.deepEqual([ended.id, ended.exit?.code, ended.exit?.signal], [once.id, null, null]);
  assert.equal((await client.call("GET", "/v1/units/o/output?position=0")).bytes.toString(), "out\n");
  const again = await until(async () => {
    const unit = await client.unit("GET", "/v1/units/a");
    return unit.starts === 2 && currentRun(unit).pid ? unit : undefined;
  });
  assert.deepEqual([again.runs[1]?.exit?.code, again.runs[1]?.exit?.signal], [null, null]);
});

test("twenty deaths at random moments under load: no process twice, none lost, none left behind", async () => {
  using directory = temporaryDirectory();
  await using agents = new AgentLine(directory.path);
  const acknowledged = new Set<string>();
  for (let death = 0; death < 20; death++) {
    const agent = await agents.next();
    const load = putUntilItDies(agent, `d${death}`, acknowledged);
    await until(() => [...acknowledged].some((id) => id.startsWith(`d${death}-`)));
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 30)); // the moment is the point of this test
    await agent.kill();
    await load;
  }
  const { client } = await agents.next();
  const units = (await client.call("GET", "/v1/units")).json<UnitStatus[]>();
  const known = new Set(units.map(({ id }) => id));
  for (const id of acknowledged) assert.ok(known.has(id), `${id} was acknowledged and is lost`);
  const processes = await markedProcesses(directory.path);
  for (const [run, pids] of processes) assert.equal(pids.length, 1, `run ${run} has the processes ${pids}`);
  const living = units.filter(({ runs: [run] }) => run && !run.exit && !run.startError);
  assert.deepEqual([...processes.keys()].sort(), living.map((unit) => currentRun(unit).id).sort());
  await Promise.all(units.map(({ id }) => client.call("DELETE", `/v1/units/${id}`)));
  await until(async () => (await markedProcesses(directory.path)).size === 0);
  assert.deepEqual(readdirSync(join(directory.path, "host", "output")), []);
});

test("a run goes on when its client leaves, and its result is kept for a client that comes back", async () => {
  using directory = temporaryDirectory();
  await using agents = new AgentLine(directory.path);
  const agent = await agents.next();
  const lost = agent.client
    .call("POST", "/v1/units/r/run", shellUnit("r", "echo $$; exec sleep 300"))
    .catch(() => "lost");
  const { pid = 0 } = await until(async () => {
    const [unit] = (await agent.client.call("GET", "/v1/units")).json<UnitStatus[]>();
    return unit?.runs[0]?.pid ? unit.runs[0] : undefined;
  });
  await agent.kill();
  assert.equal(await lost, "lost");
  const { client } = await agents.next();
  process.kill(pid, "SIGKILL");
  const unit = await client.unit("GET", "/v1/units/r/ended?timeoutMs=5000");
  assert.ok(currentRun(unit).exit);
  assert.equal((await client.call("GET", "/v1/units/r/output?position=0")).bytes.toString(), `${pid}\n`);
});

test("a fast printer is followed on from where the last agent died", async () => {
  using directory = temporaryDirectory();
  await using agents = new AgentLine(directory.path);
  const agent = await agents.next();
  const spec = shellUnit("f", counter);
  const printer = { ...spec, process: { ...spec.process, maxOutputBytes: 1024 * 1024 } };
  const { pid = 0 } = currentRun(await agent.client.unit("PUT", "/v1/units/f", printer));
  await until(async () => (await size(agent.client)) > 3 * 1024 * 1024);
  await agent.kill();
  const { client } = await agents.next();
  const died = await size(client);
  await until(async () => (await size(client)) > died + 1024 * 1024); // it is followed on
  process.kill(pid, "SIGSTOP"); // or it would overtake what is asked for below
  const { headers, bytes } = await client.call("GET", path(0));
  const from = Number(headers["output-from"]);
  assert.ok(from > 0, "the oldest went");
  const [first, second, third] = bytes.toString().split("\n").slice(1);
  assert.equal(Number(second), Number(first) + 1);
  assert.equal(Number(third), Number(first) + 2);
  const inside = from + 200_000; // further than what may still be in the pipe
  assert.equal((await client.call("GET", path(inside))).headers["output-from"], `${inside}`);

  async function size({ call }: AgentClient): Promise<number> {
    return Number((await call("GET", path(0))).headers["output-size"]);
  }
  function path(position: number): string {
    return `/v1/units/f/output?position=${position}&maxBytes=1000`;
  }
});

test("a schedule goes on through deaths of the agent: no slot is fired twice, none that was missed later", async () => {
  using directory = temporaryDirectory();
  await using agents = new AgentLine(directory.path);
  let agent = await agents.next();
  const from = Date.now() + 500;
  const schedule = { kind: "interval", from, everyMs: 1_000 } as const;
  const spec = shellUnit("s", "exec sleep 300", { schedule, overlapMs: 600_000, keepRuns: 100 });
  const later = shellUnit("l", "exit 0", { schedule: { ...schedule, everyMs: 3_600_000, from: from + 3_600_000 } });
  await agent.client.unit("PUT", "/v1/units/l", later);
  await agent.client.unit("PUT", "/v1/units/s", spec);
  let seen = 0;
  for (let death = 0; death < 3; death++) {
    const before = await until(async () => {
      const unit = await agent.client.unit("GET", "/v1/units/s");
      return unit.starts > seen ? unit : undefined;
    });
    seen = before.starts;
    await agent.kill();
    agent = await agents.next();
    const after = await agent.client.unit("GET", "/v1/units/s");
    const pids = ({ runs }: UnitStatus) => runs.slice(-seen).map(({ pid }) => pid);
    assert.deepEqual(pids(after), pids(before));
  }
  await until(async () => (await agent.client.unit("GET", "/v1/units/s")).starts > seen);
  const { runs, starts } = await agent.client.unit("GET", "/v1/units/s");
  assert.equal(runs.length, starts);
  const slots = runs.map(({ startedAt }) => Math.floor((startedAt - from) / 1_000));
  assert.deepEqual(slots, [...new Set(slots)], "one run per slot");
  assert.deepEqual(
    slots,
    slots.toSorted((a, b) => b - a),
    "the newest first",
  );
  for (const run of runs) assert.equal(run.exit, undefined, "the older ones live on");
  const untouched = await agent.client.unit("GET", "/v1/units/l");
  assert.deepEqual([untouched.starts, untouched.nextStartAt], [0, from + 3_600_000]);
});

test("a health check that its agent left behind is ended by the next", async () => {
  using directory = temporaryDirectory();
  await using agents = new AgentLine(directory.path);
  const agent = await agents.next();
  const healthCheck = { argv: ["sleep", "300"], everyMs: 100, timeoutMs: 600_000 };
  await agent.client.unit("PUT", "/v1/units/h", shellUnit("h", "exec sleep 300", { healthCheck }));
  const probes = async () =>
    [...(await markedProcesses(directory.path)).keys()].filter((id) => id.startsWith("probe_"));
  const [left] = await until(async () => {
    const found = await probes();
    return found.length > 0 ? found : undefined;
  });
  await agent.kill();
  const next = await agents.next();
  await until(async () => !(await probes()).includes(left ?? ""));
  await next.client.call("DELETE", "/v1/units/h");
  await until(async () => (await probes()).length === 0);
});

/** One agent after the other on one directory; the last is ended gracefully. */
class AgentLine implements AsyncDisposable {
  readonly #directory: string;
  #latest: KillableAgent | undefined;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async next(): Promise<KillableAgent> {
    this.#latest = await spawnAgent(this.#directory);
    return this.#latest;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#latest?.[Symbol.asyncDispose]();
  }
}

async function putUntilItDies(agent: KillableAgent, prefix: string, acknowledged: Set<string>): Promise<void> {
  for (let i = 0; i < 20; i++) {
    const id = `${prefix}-${i}`;
    const script = i % 2 === 0 ? "exec sleep 300" : "exit 0";
    try {
      await agent.client.unit("PUT", `/v1/units/${id}`, shellUnit(id, script));
    } catch {
      return;
    }
    acknowledged.add(id);
  }
}

/** Run id → pids of the processes that carry the marks of the agent in that directory. */
async function markedProcesses(directory: string): Promise<Map<string, number[]>> {
  const { readFile } = await import("node:fs/promises");
  const owner = await readFile(join(directory, "host", "owner"), "utf8");
  const found = new Map<string, number[]>();
  for (const pid of listPids()) {
    const environment = readEnvironment(pid);
    if (!environment.includes(`RUNYARD_SANDBOX=${owner}/host`)) continue;
    const run =
      environment.find((entry) => entry.startsWith("RUNYARD_PROCESS="))?.slice("RUNYARD_PROCESS=".length) ?? "";
    found.set(run, [...(found.get(run) ?? []), pid]);
  }
  return found;
}
