import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { until } from "../platform/testing/until.ts";
import type { Actor } from "./parts.ts";
import { openTestYard, script, type TestYard } from "./testing.ts";

let yard: TestYard;
let ann: Actor;
before(async () => {
  yard = await openTestYard();
  ann = await yard.addUser("ann");
});
after(() => yard[Symbol.asyncDispose]());

const noUnits = () => until(async () => (await yard.host.units.list()).length === 0, { what: "no unit is left" });

test("a run has a generated name, is listed, readable and removable", async () => {
  const { name, runId } = await yard.apps.run(ann, { definition: script("echo hello; exit 3") }, {});
  assert.match(name, /^[0-9a-z]{10}$/);
  const app = await yard.apps.get(ann, name);
  assert.deepEqual([app.kind, app.ownerName, app.runtime.runs[0]?.id], ["temporary", "ann", runId]);
  assert.deepEqual(
    (await yard.apps.list(ann)).map((one) => one.name),
    [name],
  );
  const page = await yard.apps.output(ann, name, { position: 0, maxBytes: 100, runId, waitForExitMs: 5_000 });
  assert.equal(page.bytes.toString(), "hello\n");
  assert.equal(page.run.exit?.code, 3);
  await yard.apps.remove(ann, name);
  await noUnits();
});

test("a run with a name takes it; a name that is taken is a conflict", async () => {
  const request = { name: "mine", definition: script("exec sleep 300") };
  assert.equal((await yard.apps.run(ann, request, {})).name, "mine");
  await assert.rejects(yard.apps.run(ann, request, {}), { code: "conflict", field: "name" });
  await yard.apps.put(ann, "defined", script("true"), { enabled: false });
  await assert.rejects(yard.apps.runSync(ann, { ...request, name: "defined" }, {}), { code: "conflict" });
  await yard.apps.remove(ann, "defined");
  await yard.apps.remove(ann, "mine");
  await noUnits();
});

test("of many runs with one name that start together, one is started", async () => {
  const request = { name: "race", definition: script("exec sleep 300") };
  const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => yard.apps.run(ann, request, {})));
  assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 1);
  await yard.apps.remove(ann, "race");
  await noUnits();
});

test("an app that is defined under a run's name ends the run", async () => {
  await yard.apps.run(ann, { name: "taken", definition: script("exec sleep 300") }, {});
  const app = await yard.apps.put(ann, "taken", script("exec sleep 300"), { enabled: true });
  assert.equal(app.kind, "defined");
  assert.equal((await yard.host.units.list()).length, 1);
  await yard.apps.remove(ann, "taken");
  await noUnits();
});

test("copies of an app are numbered, and may replace parts of it", async () => {
  const original = script('echo "$A $B"; cat', {
    env: { A: "1" },
    secretEnv: { B: "2" },
    exit: { action: "keepalive", byCode: {} },
  });
  await yard.apps.put(ann, "model", original, { enabled: false });
  const first = await yard.apps.run(ann, { copyOf: "model" }, {});
  const second = await yard.apps.run(ann, { copyOf: "model", replace: { env: { A: "x" }, metadata: "in" } }, {});
  assert.deepEqual([first.name, second.name], ["model_1", "model_2"]);
  const outputs = await Promise.all(
    [first, second].map(({ name }) =>
      yard.apps.output(ann, name, { position: 0, maxBytes: 100, waitForExitMs: 5_000 }),
    ),
  );
  assert.deepEqual(
    outputs.map(({ bytes }) => bytes.toString()),
    ["1 2\n", "x 2\nin"],
  );
  assert.equal((await yard.apps.get(ann, "model_1")).runtime.starts, 1, "exit actions are not a run's");
  await yard.apps.remove(ann, "model_1");
  assert.equal((await yard.apps.run(ann, { copyOf: "model" }, {})).name, "model_1");
  for (const name of ["model", "model_1", "model_2"]) await yard.apps.remove(ann, name);
  await noUnits();
});

test("a synchronous run returns its end and output, and leaves nothing", async () => {
  const ended = await yard.apps.runSync(ann, { name: "sync", definition: script("echo out; exit 7") }, {});
  assert.deepEqual([ended.name, ended.exit.code, ended.output.toString(), ended.next], ["sync", 7, "out\n", 4]);
  assert.deepEqual(await yard.apps.list(ann), []);
  await yard.apps.runSync(ann, { name: "sync", definition: script("true") }, {});
  await noUnits();
});

test("of a synchronous run that prints much, the first 3 MiB are returned", async () => {
  const ended = await yard.apps.runSync(ann, { definition: script("head -c 5000000 /dev/zero") }, {});
  assert.equal(ended.output.length, 3 * 1024 * 1024);
  assert.equal(ended.next, 3 * 1024 * 1024);
});

test("a run that lasts too long is killed", async () => {
  const ended = await yard.apps.runSync(ann, { definition: script("echo begun; sleep 300") }, { timeoutMs: 300 });
  assert.deepEqual([ended.run.stopCause, ended.output.toString()], ["timeout", "begun\n"]);
});

test("a run is removed at the end of its lifetime", async () => {
  const { name } = await yard.apps.run(ann, { definition: script("exec sleep 300") }, { lifetimeMs: 300 });
  await until(async () => !(await yard.apps.has(name)));
  await noUnits();
});

test("a run that cannot be started is the caller's error, and leaves nothing", async () => {
  const definition = script("true", { workingDirectory: "/nowhere" });
  await assert.rejects(yard.apps.run(ann, { name: "x", definition }, {}), { code: "invalid", field: "cwd" });
  await assert.rejects(yard.apps.runSync(ann, { name: "x", definition }, {}), { code: "invalid", field: "cwd" });
  await noUnits();
  assert.equal(await yard.apps.has("x"), false);
});

test("a run can be ended before its time, and not begun again", async () => {
  const { name } = await yard.apps.run(ann, { definition: script("exec sleep 300") }, {});
  await yard.apps.disable(ann, name);
  assert.equal((await yard.apps.get(ann, name)).runtime.runs[0]?.stopCause, "stopped");
  await assert.rejects(yard.apps.enable(ann, name), { code: "precondition" });
  await yard.apps.remove(ann, name);
});

test("runs are found again by the next control plane, with all there is to know", async () => {
  const definition = script("exec sleep 300", { secretEnv: { A: "hush" }, description: "long" });
  const { name, runId } = await yard.apps.run(ann, { name: "survivor", definition }, {});
  const before = await yard.apps.get(ann, name);
  await yard.restart();
  assert.deepEqual(await yard.apps.get(ann, name), before);
  assert.equal(before.runtime.runs[0]?.id, runId);
  assert.doesNotMatch(JSON.stringify((await yard.host.units.list())[0]?.meta), /hush/);
  await yard.apps.remove(ann, name);
});
