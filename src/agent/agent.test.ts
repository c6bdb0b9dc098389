import assert from "node:assert/strict";
import { appendFileSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readStat } from "../platform/process/procfs.ts";
import { mountSmallDisk } from "../platform/testing/small-disk.ts";
import { until } from "../platform/testing/until.ts";
import type { ProcessUsage } from "../sandboxes/sandbox.ts";
import type { AgentInfo, ErrorBody, HostResources, UnitEvent } from "./protocol.ts";
import { openTestAgent } from "./testing/agent-process.ts";
import { currentRun, shellUnit } from "./testing/client.ts";

test("a run is one round trip: output, status, and nothing left", async () => {
  await using host = await openTestAgent();
  const spec = shellUnit("hello", "echo hellö; echo err >&2; exit 3", { meta: { big: "x".repeat(100_000) } });
  const reply = await host.client.call("POST", "/v1/units/hello/run?maxBytes=100", spec);
  assert.equal(reply.status, 200);
  assert.equal(reply.bytes.toString(), "hellö\nerr\n");
  assert.equal(reply.headers["output-next"], `${reply.bytes.length}`);
  const unit = JSON.parse(String(reply.headers["unit-status"]));
  assert.equal(currentRun(unit).exit?.code, 3);
  assert.deepEqual((await host.client.call("GET", "/v1/units")).json(), []);
  assert.deepEqual(readdirSync(join(host.directory, "host", "output")), []);
});

test("what cannot be started says why, through each route that starts it", async () => {
  await using host = await openTestAgent();
  const spec = { ...shellUnit("bad", ""), process: { argv: ["/no/such/program"] } };
  const run = await host.client.call("POST", "/v1/units/bad/run", spec);
  const { startError } = currentRun(JSON.parse(String(run.headers["unit-status"])));
  assert.equal(startError?.code, "invalid");
  assert.equal(startError?.field, "argv");
  const unit = await host.client.unit("PUT", "/v1/units/bad", spec);
  assert.equal(currentRun(unit).startError?.field, "argv");
  assert.equal(unit.lastError?.message, currentRun(unit).startError?.message);
});

test("the same revision again changes nothing, a higher one replaces the run, a lower one is refused", async () => {
  await using host = await openTestAgent();
  const first = await host.client.unit("PUT", "/v1/units/u", shellUnit("u", "sleep 300"));
  const again = await host.client.unit("PUT", "/v1/units/u", shellUnit("u", "sleep 300"));
  assert.equal(currentRun(again).pid, currentRun(first).pid);
  const spec = shellUnit("u", "echo two; sleep 300", { revision: 2, keepRuns: 1 });
  const replaced = await host.client.unit("PUT", "/v1/units/u", spec);
  const [current, old] = replaced.runs;
  assert.notEqual(current?.pid, currentRun(first).pid);
  assert.deepEqual([old?.stopCause, old?.exit?.signal], ["replaced", "SIGKILL"]);
  const refused = await host.client.call("PUT", "/v1/units/u", shellUnit("u", "sleep 300"));
  assert.equal(refused.json<ErrorBody>().code, "conflict");
});

test("stop ends a unit and keeps it ended, start begins it again, delete leaves nothing", async () => {
  await using host = await openTestAgent();
  const spec = shellUnit("s", "sleep 300", { restart: { onExit: "always", minIntervalMs: 0 } });
  const { pid = 0 } = currentRun(await host.client.unit("PUT", "/v1/units/s", spec));
  const stopped = await host.client.unit("POST", "/v1/units/s/stop?graceMs=5000");
  assert.equal(stopped.enabled, false);
  assert.deepEqual([currentRun(stopped).exit?.signal, currentRun(stopped).stopCause], ["SIGTERM", "stopped"]);
  assert.equal(stopped.nextStartAt, undefined);
  assert.equal((await host.client.unit("POST", "/v1/units/s/stop")).starts, 1);
  const started = await host.client.unit("POST", "/v1/units/s/start");
  assert.equal(started.starts, 2);
  assert.notEqual(currentRun(started).pid, pid);
  assert.equal((await host.client.unit("POST", "/v1/units/s/start")).starts, 2);
  assert.equal((await host.client.call("DELETE", "/v1/units/s")).status, 204);
  assert.equal((await host.client.call("GET", "/v1/units/s")).status, 404);
  assert.equal(readStat(currentRun(started).pid ?? 0), undefined);
  assert.deepEqual(readdirSync(join(host.directory, "host", "output")), []);
});

test("a unit starts again as its policy says, no faster than its interval, and keeps so many runs", async () => {
  await using host = await openTestAgent();
  const restart = { onExit: "no", codes: { "5": "always" }, minIntervalMs: 150 } as const;
  const spec = shellUnit("r", "exit 5", { restart, keepRuns: 2 });
  await host.client.unit("PUT", "/v1/units/r", spec);
  const unit = await until(async () => {
    const now = await host.client.unit("GET", "/v1/units/r");
    return now.starts >= 4 ? now : undefined;
  });
  assert.ok(unit.runs.length <= 3);
  for (const [i, run] of unit.runs.slice(1).entries()) {
    assert.ok((unit.runs[i]?.startedAt ?? 0) - run.startedAt >= 145, "the interval was kept");
  }
  assert.ok(readdirSync(join(host.directory, "host", "output")).length <= 4);
  await host.client.unit("PUT", "/v1/units/once", shellUnit("once", "exit 0", { restart }));
  const ended = await host.client.unit("GET", "/v1/units/once/ended?timeoutMs=5000");
  assert.deepEqual([currentRun(ended).exit?.code, ended.nextStartAt], [0, undefined]);
});

test("a run ends after its timeout, a unit after its lifetime", async () => {
  await using host = await openTestAgent();
  await host.client.unit("PUT", "/v1/units/t", shellUnit("t", "sleep 300", { timeoutMs: 100 }));
  const timed = currentRun(await host.client.unit("GET", "/v1/units/t/ended?timeoutMs=5000"));
  assert.deepEqual([timed.exit?.signal, timed.stopCause], ["SIGKILL", "timeout"]);
  const { pid = 0 } = currentRun(
    await host.client.unit("PUT", "/v1/units/l", shellUnit("l", "sleep 300", { lifetimeMs: 100 })),
  );
  await until(async () => (await host.client.call("GET", "/v1/units/l")).status === 404);
  assert.equal(readStat(pid), undefined);
});

test("each start has variables of its own", async () => {
  await using host = await openTestAgent();
  const envPerStart = { KEY: "secret", SINCE: "startedSeconds" } as const;
  await host.client.unit("PUT", "/v1/units/e", shellUnit("e", 'echo "$KEY $SINCE"', { envPerStart }));
  const run = currentRun(await host.client.unit("GET", "/v1/units/e/ended"));
  const { bytes } = await host.client.call("GET", "/v1/units/e/output?position=0");
  assert.equal(bytes.toString(), `${run.secret} ${Math.floor(run.startedAt / 1_000)}\n`);
  assert.ok((run.secret?.length ?? 0) >= 32);
});

test("a watcher gets every unit, then every change", async () => {
  await using host = await openTestAgent();
  await host.client.unit("PUT", "/v1/units/a", shellUnit("a", "sleep 300"));
  const { connect } = await import("node:http2");
  const { connect: connectSocket } = await import("node:net");
  const session = connect("http://agent", {
    createConnection: () => connectSocket(join(host.directory, "agent.sock")),
  });
  const stream = session.request({ ":path": "/v1/units?watch" });
  let text = "";
  stream.on("data", (bytes) => {
    text += bytes;
  });
  const events = () =>
    text
      .split("\n")
      .slice(0, -1)
      .map((line): UnitEvent => JSON.parse(line));
  await until(() => events().some(({ type }) => type === "synced"));
  assert.equal(events()[0]?.type, "unit");
  await host.client.unit("PUT", "/v1/units/b", shellUnit("b", "exit 2"));
  await until(() =>
    events().some((event) => event.type === "unit" && event.unit.id === "b" && event.unit.runs[0]?.exit?.code === 2),
  );
  await host.client.call("DELETE", "/v1/units/b");
  await until(() => events().some((event) => event.type === "removed" && event.id === "b"));
  session.destroy();
});

test("bad requests are refused with code and field, and change nothing", async () => {
  await using host = await openTestAgent();
  const good = shellUnit("x", "true");
  for (const { path, method = "PUT", body, status, field } of [
    { path: "/v1/units/x", body: [], status: 400, field: "unit" },
    { path: "/v1/units/x", body: { ...good, revision: -1 }, status: 400, field: "revision" },
    { path: "/v1/units/x", body: { ...good, revision: 1e99 }, status: 400, field: "revision" },
    { path: "/v1/units/x", body: { ...good, process: { argv: "true" } }, status: 400, field: "argv" },
    {
      path: "/v1/units/x",
      body: { ...good, restart: { onExit: "maybe", minIntervalMs: 0 } },
      status: 400,
      field: "restart.onExit",
    },
    {
      path: "/v1/units/x",
      body: { ...good, schedule: { kind: "interval", from: 0, everyMs: 999 } },
      status: 400,
      field: "schedule.everyMs",
    },
    { path: "/v1/units/x", body: { ...good, schedule: { kind: "daily" } }, status: 400, field: "schedule.kind" },
    {
      path: "/v1/units/x",
      body: { ...good, schedule: { kind: "cron", expression: "* *" } },
      status: 412,
      field: "schedule",
    },
    {
      path: "/v1/units/x",
      body: { ...good, window: { daily: { startSeconds: 0, endSeconds: 86_401 } } },
      status: 400,
      field: "window.daily.endSeconds",
    },
    {
      path: "/v1/units/x",
      body: { ...good, healthCheck: { argv: ["true"], everyMs: 0, timeoutMs: 1 } },
      status: 400,
      field: "healthCheck.everyMs",
    },
    { path: "/v1/units/x/run", method: "POST", body: { ...good, window: {} }, status: 400, field: "window" },
    { path: "/v1/units/usage", method: "POST", body: { ids: [], tree: 1 }, status: 400, field: "tree" },
    { path: "/v1/units/..%2fx", body: good, status: 400, field: "id" },
    { path: "/v1/units/x%00", body: good, status: 400, field: "id" },
    { path: "/v1/units/%", body: good, status: 404 },
    { path: "/v1/nothing", method: "GET", status: 404 },
    { path: "/v1/units/none/output", method: "GET", status: 404 },
    { path: "/v1/units", method: "DELETE", status: 404 },
    { path: "/v1/sandboxes/none/x", body: {}, status: 404, field: "driver" },
    { path: "/v1/sandboxes/host/host", method: "DELETE", status: 412 },
  ]) {
    const reply = await host.client.call(method, path, body);
    assert.deepEqual({ path, status: reply.status }, { path, status });
    assert.equal(reply.json<ErrorBody>().field, field, `${path}: ${reply.bytes}`);
  }
  const large = await host.client.call("PUT", "/v1/units/x", { ...good, meta: { x: "x".repeat(17 * 1024 * 1024) } });
  assert.equal(large.json<ErrorBody>().code, "too_large");
  assert.deepEqual((await host.client.call("GET", "/v1/units")).json(), []);
});

test("it tells what it is, and what the host has", async () => {
  await using host = await openTestAgent();
  const info = (await host.client.call("GET", "/v1/info")).json<AgentInfo>();
  assert.deepEqual([info.protocol, info.pid, info.drivers[0]?.name], [1, process.pid, "host"]);
  const { pid = 0 } = currentRun(await host.client.unit("PUT", "/v1/units/a", shellUnit("a", "sleep 300")));
  const resources = (await host.client.call("GET", "/v1/resources")).json<HostResources>();
  assert.ok(resources.cpuProcessors >= 1 && resources.memoryTotalBytes > 0 && resources.disks.length > 0);
  const usage = (await host.client.call("POST", "/v1/units/usage", { ids: ["a", "none"] })).json<
    Record<string, { pids: number[] }>
  >();
  assert.deepEqual(Object.keys(usage), ["a"]);
  assert.ok(usage.a?.pids.includes(pid));
  const trees = (await host.client.call("POST", "/v1/units/usage", { ids: ["a"], tree: true })).json<
    Record<string, ProcessUsage>
  >();
  assert.equal(trees.a?.tree?.pid, pid);
});

test("its socket and files are its user's alone, and a second agent is refused", async () => {
  await using host = await openTestAgent();
  await host.client.call("POST", "/v1/units/x/run", shellUnit("x", "true"));
  for (const name of ["agent.sock", "units.ndjson", "host/journal.ndjson"]) {
    assert.equal(statSync(join(host.directory, name)).mode & 0o077, 0, name);
  }
  await assert.rejects(openTestAgent({ directory: host.directory }), { code: "conflict" });
  assert.equal((await host.client.call("GET", "/v1/info")).status, 200);
});

test("a shutdown stops everything, and enabled units start again with the next agent", async () => {
  await using host = await openTestAgent();
  const { pid = 0 } = currentRun(
    await host.client.unit("PUT", "/v1/units/a", shellUnit("a", "sleep 300", { keepRuns: 1 })),
  );
  assert.equal((await host.client.call("POST", "/v1/shutdown?graceMs=2000")).status, 202);
  await host.agent.closed;
  assert.equal(readStat(pid), undefined);
  await using next = await openTestAgent({ directory: host.directory });
  const unit = await next.client.unit("GET", "/v1/units/a");
  assert.deepEqual([unit.runs[1]?.stopCause, unit.runs[1]?.exit?.signal, unit.starts], ["shutdown", "SIGTERM", 2]);
  assert.ok(readFileSync(`/proc/${currentRun(unit).pid}/cmdline`, "utf8").includes("sleep"));
});

test("without a control plane for so long, it stops what it runs and ends", async () => {
  await using host = await openTestAgent({ orphanAfterMs: 300 });
  const { pid = 0 } = currentRun(await host.client.unit("PUT", "/v1/units/a", shellUnit("a", "sleep 300")));
  host.client[Symbol.dispose]();
  await host.agent.closed;
  assert.equal(readStat(pid), undefined);
});

test("on a full disk nothing new starts, reads and stops work, and it heals", async (context) => {
  using disk = mountSmallDisk(context, { sizeMiB: 8 });
  if (disk === undefined) return;
  const filler = join(disk.path, "filler");
  await using host = await openTestAgent({ directory: join(disk.path, "agent") });
  await host.client.unit("PUT", "/v1/units/a", shellUnit("a", "echo out; exec sleep 300", { keepRuns: 1 }));
  await until(async () => (await host.client.call("GET", "/v1/units/a/output")).bytes.toString() === "out\n");
  assert.throws(() => {
    for (;;) appendFileSync(filler, Buffer.alloc(16 * 1024));
  });
  const meta = { filling: "x".repeat(10_000) }; // more than what is left of the journal's last page
  const refused = await host.client.call("PUT", "/v1/units/b", shellUnit("b", "true", { meta }));
  assert.deepEqual([refused.status, refused.json<ErrorBody>().code], [507, "storage_full"]);
  assert.equal((await host.client.call("GET", "/v1/units/b")).status, 404);
  assert.equal((await host.client.call("GET", "/v1/info")).status, 200);
  const stopped = await host.client.unit("POST", "/v1/units/a/stop?graceMs=1000");
  assert.equal(currentRun(stopped).exit?.signal, "SIGTERM");
  rmSync(filler);
  await until(async () => {
    const reply = await host.client.call("POST", "/v1/units/b/run", shellUnit("b", "echo healed", { meta }));
    return reply.bytes.toString() === "healed\n";
  });
});
