import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { until } from "../platform/testing/until.ts";
import type { Actor } from "./parts.ts";
import { isAlive, openTestYard, pidOf, script, type TestYard } from "./testing.ts";

let yard: TestYard;
let ann: Actor;
let bob: Actor;
before(async () => {
  yard = await openTestYard();
  ann = await yard.addUser("ann", ["red"]);
  bob = await yard.addUser("bob", ["blue"]);
});
after(() => yard[Symbol.asyncDispose]());

const enabled = { enabled: true };
const sleeper = script("exec sleep 300");

test("an enabled app is saved and runs at once", async () => {
  const app = await yard.apps.put(ann, " web ", sleeper, enabled);
  assert.equal(app.name, "web");
  assert.equal(app.ownerName, "ann");
  assert.equal(app.kind, "defined");
  assert.equal(app.runtime.starts, 1);
  assert.equal(app.runtime.healthy, true);
  assert.ok(isAlive(pidOf(app)));
  assert.deepEqual((await yard.apps.get(bob, "web")).definition, sleeper);
  await yard.apps.remove(ann, "web");
});

test("a disabled app is saved and does not run", async () => {
  const app = await yard.apps.put(ann, "later", sleeper, { enabled: false });
  assert.deepEqual([app.enabled, app.runtime.starts, app.runtime.healthy], [false, 0, false]);
  await yard.apps.remove(ann, "later");
});

test("a replacement kills what ran, takes nothing over and counts starts anew", async () => {
  const old = await yard.apps.put(ann, "replaced", script("exec sleep 300", { env: { A: "1" } }), enabled);
  const app = await yard.apps.put(bob, "replaced", sleeper, enabled);
  assert.equal(app.id, old.id);
  assert.equal(app.ownerName, "bob");
  assert.deepEqual(app.definition.env, {});
  assert.equal(app.runtime.starts, 1);
  assert.equal(app.runtime.runs.length, 1);
  assert.notEqual(pidOf(app), pidOf(old));
  assert.equal(isAlive(pidOf(old)), false);
  await yard.apps.remove(bob, "replaced");
});

test("an app that cannot be started is kept, and says why", async () => {
  const app = await yard.apps.put(ann, "broken", script("true", { workingDirectory: "/nowhere" }), enabled);
  assert.equal(app.runtime.runs[0]?.startError?.field, "cwd");
  assert.ok(app.runtime.lastError);
  assert.equal(app.runtime.healthy, false);
  await yard.apps.remove(ann, "broken");
});

test("disable kills, enable starts again; doing it twice changes nothing", async () => {
  const before = await yard.apps.put(ann, "switched", sleeper, enabled);
  await yard.apps.disable(ann, "switched");
  const off = await yard.apps.disable(ann, "switched");
  assert.equal(off.enabled, false);
  assert.equal(off.runtime.runs[0]?.stopCause, "stopped");
  assert.equal(isAlive(pidOf(before)), false);
  const first = await yard.apps.enable(ann, "switched");
  const second = await yard.apps.enable(ann, "switched");
  assert.equal(pidOf(second), pidOf(first));
  assert.equal(second.runtime.starts, 2);
  await yard.apps.remove(ann, "switched");
});

test("enabling an app that has ended does not run it again", async () => {
  await yard.apps.put(ann, "once", script("exit 0"), enabled);
  await until(async () => (await yard.apps.get(ann, "once")).runtime.runs[0]?.exit);
  assert.equal((await yard.apps.enable(ann, "once")).runtime.starts, 1);
  await yard.apps.remove(ann, "once");
});

test("remove kills the process and leaves no unit", async () => {
  const before = await yard.apps.put(ann, "gone", sleeper, enabled);
  await yard.apps.remove(ann, "gone");
  assert.equal(isAlive(pidOf(before)), false);
  assert.deepEqual(await yard.host.units.list(), []);
  await assert.rejects(yard.apps.get(ann, "gone"), { code: "not_found" });
  await assert.rejects(yard.apps.remove(ann, "gone"), { code: "not_found" });
  assert.equal(await yard.apps.has("gone"), false);
});

test("what is not shared is hidden from lists and forbidden, for replacement too", async () => {
  const mine = script("exec sleep 300", { sharing: { team: "read", others: "none" } });
  await yard.apps.put(ann, "private", mine, { enabled: false });
  const mate = await yard.addUser("mate", ["red"]);
  const names = async (actor: Actor) => (await yard.apps.list(actor)).map(({ name }) => name);
  assert.deepEqual(await names(bob), []);
  assert.deepEqual(await names(mate), ["private"]);
  const root = { ...bob, isAdmin: true };
  assert.deepEqual(await names(root), ["private"]);
  for (const denied of [
    () => yard.apps.get(bob, "private"),
    () => yard.apps.enable(bob, "private"),
    () => yard.apps.remove(mate, "private"),
    () => yard.apps.put(mate, "private", sleeper, enabled),
    () => yard.apps.run(bob, { copyOf: "private" }, {}),
    () => yard.apps.output(bob, "private", { position: 0, maxBytes: 1 }),
    () => yard.apps.follow(bob, "private", { position: 0 }),
  ]) {
    await assert.rejects(denied(), { code: "forbidden" });
  }
  await yard.apps.remove(ann, "private");
});

test("secret variables reach the process and are not to be read in the database", async () => {
  const definition = script('echo "$TOKEN $PLAIN $APP_NAME $APP_STARTED"', {
    env: { PLAIN: "p" },
    secretEnv: { TOKEN: "hush" },
  });
  await yard.apps.put(ann, "secretive", definition, enabled);
  const page = await yard.apps.output(ann, "secretive", { position: 0, maxBytes: 100, waitForExitMs: 5_000 });
  assert.match(page.bytes.toString(), /^hush p secretive \d{10}\n$/);
  const row = await yard.database.kysely.selectFrom("apps").selectAll().executeTakeFirstOrThrow();
  assert.doesNotMatch(JSON.stringify(row), /hush/);
  assert.equal((await yard.apps.get(ann, "secretive")).definition.secretEnv.TOKEN, "hush");
  await yard.apps.remove(ann, "secretive");
});

test("metadata is the process' standard input: text as it is, anything else as JSON", async () => {
  for (const [metadata, expected] of [
    ["as it is\n", "as it is\n"],
    [{ a: [1] }, '{"a":[1]}'],
    [undefined, ""],
  ] as const) {
    const { output } = await yard.apps.runSync(ann, { definition: script("cat", { metadata }) }, {});
    assert.equal(output.toString(), expected);
  }
});

test("a keepalive app comes back; its usage and its secret are those of the process that runs", async () => {
  const definition = script('echo "$APP_SECRET"; exec sleep 300', {
    exit: { action: "keepalive", byCode: {} },
    keepOutputs: 3,
  });
  const before = await yard.apps.put(ann, "kept", definition, enabled);
  const printed = (index: number) =>
    until(async () => {
      const { bytes } = await yard.apps.output(ann, "kept", { position: 0, maxBytes: 100, index });
      return bytes.toString().trim();
    });
  const first = await printed(0);
  process.kill(pidOf(before), "SIGKILL");
  const again = await until(async () => {
    const app = await yard.apps.get(ann, "kept");
    return app.runtime.starts === 2 && app.runtime.runs[0]?.pid ? app : undefined;
  });
  assert.equal(again.runtime.runs[1]?.exit?.signal, "SIGKILL");
  assert.ok(
    again.runtime.runs.every((run) => !("secret" in run)),
    "secrets are not shown",
  );
  const second = await printed(0);
  assert.equal(await printed(1), first);
  assert.notEqual(second, first, "each run has a secret of its own");
  const usage = await yard.apps.usage(["kept", "nobody"]);
  assert.deepEqual([...usage.keys()], ["kept"]);
  assert.ok((usage.get("kept")?.rssBytes ?? 0) > 0);
  await yard.apps.remove(ann, "kept");
});

test("an app whose exit action is remove is gone when it has ended", async () => {
  await yard.apps.put(
    ann,
    "leaves",
    script("exit 3", { exit: { action: "standby", byCode: { 3: "remove" } } }),
    enabled,
  );
  await until(async () => !(await yard.apps.has("leaves")));
  assert.deepEqual(await yard.host.units.list(), []);
});

test("health follows the process", async () => {
  await yard.apps.put(ann, "sick", script("read x; exit 1"), enabled);
  await until(async () => !(await yard.apps.isHealthy("sick")));
  await yard.apps.put(ann, "sick", script("exit 0"), enabled);
  await until(() => yard.apps.isHealthy("sick"));
  await assert.rejects(yard.apps.isHealthy("nobody"), { code: "not_found" });
  await yard.apps.remove(ann, "sick");
});

test("what happens to apps is told", async () => {
  const from = yard.events.length;
  const { id } = await yard.apps.put(ann, "told", script("exit 5"), enabled);
  await until(() => yard.events.slice(from).some(({ topic }) => topic === "app.exited"));
  await yard.apps.disable(bob, "told");
  await yard.apps.remove(ann, "told");
  const told = yard.events.slice(from);
  assert.deepEqual(
    told.map(({ topic, data }) => [topic, data.by ?? data.code]),
    [
      ["app.added", "ann"],
      ["app.exited", 5],
      ["app.changed", "bob"],
      ["app.removed", "ann"],
    ],
  );
  assert.ok(told.every(({ subject, data }) => subject === id && data.name === "told"));
});

test("the list of many apps asks the host for nothing", async () => {
  await Promise.all(Array.from({ length: 50 }, (_, i) => yard.apps.put(ann, `many-${i}`, sleeper, { enabled: false })));
  const { pid } = await yard.host.info();
  process.kill(pid, "SIGSTOP");
  try {
    assert.equal((await yard.apps.list(ann)).length, 50);
    assert.equal((await yard.apps.get(ann, "many-7")).name, "many-7");
  } finally {
    process.kill(pid, "SIGCONT");
  }
  await Promise.all((await yard.apps.list(ann)).map(({ name }) => yard.apps.remove(ann, name)));
});

test("changes of one app at the same time are made one after the other", async () => {
  const changes = Array.from({ length: 8 }, (_, i) =>
    i % 2 ? yard.apps.put(ann, "busy", sleeper, enabled) : yard.apps.put(bob, "busy", sleeper, { enabled: false }),
  );
  await Promise.all(changes);
  const app = await yard.apps.get(ann, "busy");
  assert.equal(app.enabled, true);
  const units = await yard.host.units.list();
  assert.deepEqual(
    units.map(({ id, revision }) => [id, revision]),
    [[`${app.id}.8`, 8]],
  );
  await yard.apps.remove(ann, "busy");
});
