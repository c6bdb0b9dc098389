import assert from "node:assert/strict";
import { test } from "node:test";
import { isYardError, YardError } from "../platform/errors.ts";
import { until } from "../platform/testing/until.ts";
import { createApps } from "./apps.ts";
import { openTestYard, pidOf, script } from "./testing.ts";

const sleeper = script("exec sleep 300");

test("what runs is not touched by a restart of the control plane", async () => {
  await using yard = await openTestYard();
  const ann = await yard.addUser("ann");
  const before = await yard.apps.put(ann, "web", sleeper, { enabled: true });
  await yard.restart();
  const after = await yard.apps.get(ann, "web");
  assert.deepEqual(after, before);
});

test("the table wins over the host, whatever happened in between", async () => {
  await using yard = await openTestYard();
  const ann = await yard.addUser("ann");
  const apps = new Map<string, Awaited<ReturnType<typeof yard.apps.put>>>();
  for (const name of ["lost", "off", "on", "newer", "deleted"]) {
    apps.set(name, await yard.apps.put(ann, name, sleeper, { enabled: name !== "on" }));
  }
  const { name: run } = await yard.apps.run(ann, { definition: sleeper }, {});
  const { kysely } = yard.database;
  await yard.restart(async () => {
    await yard.host.units.remove(`${apps.get("lost")?.id}.1`);
    await kysely.updateTable("apps").set({ enabled: 0 }).where("name", "=", "off").execute();
    await kysely.updateTable("apps").set({ enabled: 1 }).where("name", "=", "on").execute();
    await kysely.updateTable("apps").set({ revision: 2 }).where("name", "=", "newer").execute();
    await kysely.deleteFrom("apps").where("name", "=", "deleted").execute();
  });
  const units = await yard.host.units.list();
  const running = units.filter(({ runs: [one] }) => one?.pid && !one.exit).map(({ id }) => id);
  const unitOf = (name: string, revision = 1) => `${apps.get(name)?.id}.${revision}`;
  const { id: runId } = await yard.apps.get(ann, run);
  assert.deepEqual(running.sort(), [unitOf("lost"), unitOf("on"), unitOf("newer", 2), runId].sort());
  assert.deepEqual(units.map(({ id }) => id).sort(), [...running, unitOf("off")].sort());
});

test("an app that ended while no control plane was there is removed by the next, if that is its exit action", async () => {
  await using yard = await openTestYard();
  const ann = await yard.addUser("ann");
  await yard.apps.put(ann, "brief", script("sleep 0.3", { exit: { action: "remove", byCode: {} } }), { enabled: true });
  await yard.restart(async () => {
    await until(async () => (await yard.host.units.list())[0]?.runs[0]?.exit);
  });
  await until(async () => !(await yard.apps.has("brief")));
  assert.deepEqual(await yard.host.units.list(), []);
});

test("the time that an ended app stays is counted from its end, whichever control plane is there when it has passed", async () => {
  await using yard = await openTestYard();
  const ann = await yard.addUser("ann");
  const exit = { action: "remove", byCode: {} } as const;
  const retention = (text: string, ms: number) => ({ exit, retention: { text, ms } });
  const endOf = (name: string) =>
    until(async () => (await yard.apps.get(ann, name)).runtime.lastEnded?.exit?.at, { what: `${name} has ended` });
  await yard.apps.put(ann, "long", script("true", retention("60", 60_000)), { enabled: true });
  await endOf("long");
  await yard.apps.put(ann, "short", script("true", retention("2", 2_000)), { enabled: true });
  const end = await endOf("short");
  await yard.restart();
  await until(async () => !(await yard.apps.has("short")));
  assert.ok(Date.now() >= end + 2_000);
  assert.equal(await yard.apps.has("long"), true);
  assert.deepEqual((await yard.host.units.list()).length, 1);
});

test("a retention that was begun ends with a disable", async () => {
  await using yard = await openTestYard();
  const ann = await yard.addUser("ann");
  const definition = script("true", { exit: { action: "remove", byCode: {} }, retention: { text: "1", ms: 1_000 } });
  await yard.apps.put(ann, "saved", definition, { enabled: true });
  const end = await until(async () => (await yard.apps.get(ann, "saved")).runtime.lastEnded?.exit?.at);
  await yard.apps.disable(ann, "saved");
  await until(() => Date.now() > end + 1_500);
  assert.equal((await yard.apps.get(ann, "saved")).enabled, false);
});

test("an app restarts while no control plane is there", async () => {
  await using yard = await openTestYard();
  const ann = await yard.addUser("ann");
  const app = await yard.apps.put(ann, "loop", script("exec sleep 300", { exit: { action: "restart", byCode: {} } }), {
    enabled: true,
  });
  await yard.restart(async () => {
    process.kill(pidOf(app), "SIGKILL");
    await until(async () => (await yard.host.units.list())[0]?.starts === 2);
  });
  assert.equal((await yard.apps.get(ann, "loop")).runtime.starts, 2);
});

test("wherever the control plane dies within a change, the next one finishes or forgets it, and nothing runs twice", async () => {
  await using yard = await openTestYard();
  const ann = await yard.addUser("ann");
  await yard.apps.put(ann, "web", sleeper, { enabled: true });
  const calls = ["put", "remove", "start", "stop"] as const;
  for (const [dieAt, when] of calls.flatMap((call) => [[call, "before"] as const, [call, "after"] as const])) {
    // A control plane that never gets beyond this call; what it had saved by then is all that is left of it.
    const real: (...parameters: never[]) => Promise<unknown> = yard.host.units[dieAt];
    const dies = async (...parameters: never[]) => {
      if (when === "after") await real(...parameters);
      throw new YardError("unavailable", "killed");
    };
    const units = { ...yard.host.units, [dieAt]: dies };
    await yard.restart(async () => {
      await using dying = await createApps({ ...yard.parts, units });
      const changes = [
        () => dying.put(ann, "web", sleeper, { enabled: true }),
        () => dying.disable(ann, "web"),
        () => dying.enable(ann, "web"),
        () => dying.put(ann, `new-${dieAt}-${when}`, sleeper, { enabled: true }),
      ];
      for (const change of changes) {
        await change().catch((error: unknown) => assert.ok(isYardError(error, "unavailable"), String(error)));
      }
    });
    const apps = await yard.apps.list(ann);
    const expected = apps.map(({ id, runtime, name }) => {
      assert.ok(runtime.runs[0]?.pid, `${name} runs after a death ${when} ${dieAt}`);
      return id;
    });
    const running = (await yard.host.units.list()).filter(({ runs: [run] }) => run?.pid && !run.exit);
    assert.deepEqual(
      running.map(({ id }) => id.split(".")[0]).sort(),
      expected.sort(),
      `after a death ${when} ${dieAt}`,
    );
  }
});

test("a change that is saved while the host is away is told as such, and made when it is back", async () => {
  await using yard = await openTestYard();
  const ann = await yard.addUser("ann");
  let isAway = true;
  const put: typeof yard.host.units.put = async (spec) => {
    if (isAway) throw new YardError("unavailable", "the host is away");
    return yard.host.units.put(spec);
  };
  await using apps = await createApps({ ...yard.parts, units: { ...yard.host.units, put } });
  await assert.rejects(apps.put(ann, "patient", sleeper, { enabled: true }), {
    code: "unavailable",
    message: /is saved/,
  });
  isAway = false;
  process.kill((await yard.host.info()).pid, "SIGKILL"); // its return is what sets the reconciliation off
  await until(async () => (await apps.get(ann, "patient")).runtime.runs[0]?.pid);
});

test("a killed agent changes nothing of what the apps are: pids stay, and nothing runs twice", async () => {
  await using yard = await openTestYard();
  const ann = await yard.addUser("ann");
  const pids = new Map<string, number>();
  for (const name of ["a", "b", "c"]) {
    pids.set(name, pidOf(await yard.apps.put(ann, name, sleeper, { enabled: true })));
  }
  for (let kills = 0; kills < 3; kills++) {
    const { pid } = await yard.host.info();
    process.kill(pid, "SIGKILL");
    const added = await yard.apps.put(ann, `during-${kills}`, sleeper, { enabled: true });
    pids.set(added.name, pidOf(added));
    assert.notEqual((await yard.host.info()).pid, pid);
  }
  const now = new Map((await yard.apps.list(ann)).map(({ name, runtime }) => [name, runtime.runs[0]?.pid]));
  assert.deepEqual(now, pids);
  assert.equal((await yard.host.units.list()).length, pids.size);
});
