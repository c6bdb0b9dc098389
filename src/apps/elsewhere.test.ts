import assert from "node:assert/strict";
import { test } from "node:test";
import { openTestHost } from "../hosts/test-host.ts";
import { createApps } from "./apps.ts";
import { openTestYard, script } from "./testing.ts";

const sleeper = script("exec sleep 300");
const enabled = { enabled: true };

/** A second yard on the same table, with a host of its own. */
async function openTwoYards() {
  await using opened = new AsyncDisposableStack();
  const first = opened.use(await openTestYard());
  const host = opened.use(await openTestHost({ id: "host_other", name: "other" }));
  const live = new Set([first.host.id, host.id]);
  const find = async (id: string) => ({ name: `name of ${id}`, isLive: live.has(id) });
  const parts = { ...first.parts, units: host.units, host: { id: host.id, find } };
  const apps = opened.use(await createApps(parts));
  const lifetime = opened.move();
  return { first, second: { apps, host }, live, [Symbol.asyncDispose]: () => lifetime.disposeAsync() };
}

test("an app runs on the host where it was added, and on no other", async () => {
  await using yards = await openTwoYards();
  const { first, second } = yards;
  const ann = await first.addUser("ann");
  await first.apps.put(ann, "web", sleeper, enabled);
  await second.apps.put(ann, "job", sleeper, enabled);
  await first.restart();
  const namesAt = async (units: typeof first.host.units) =>
    (await units.list()).map(({ meta }) => (meta as { name: string }).name);
  assert.deepEqual(await namesAt(first.host.units), ["web"]);
  assert.deepEqual(await namesAt(second.host.units), ["job"]);
  for (const apps of [first.apps, second.apps]) {
    assert.deepEqual(
      (await apps.list(ann)).map(({ name }) => name),
      ["job", "web"],
    );
  }
});

test("what is asked of the wrong yard is refused with the host's name, and changes nothing", async () => {
  await using yards = await openTwoYards();
  const { first, second, live } = yards;
  const ann = await first.addUser("ann");
  const ben = await first.addUser("ben");
  const sharing = { team: "none", others: "none" } as const;
  const before = await first.apps.put(ann, "web", { ...sleeper, sharing }, enabled);
  const page = { position: 0, maxBytes: 10 };
  const requests = [
    () => second.apps.get(ann, "web"),
    () => second.apps.put(ann, "web", script("true"), enabled),
    () => second.apps.disable(ann, "web"),
    () => second.apps.enable(ann, "web"),
    () => second.apps.output(ann, "web", page),
    () =>
      second.apps.messages.send(ann, "web", Buffer.from(""), { timeoutMs: 10, signal: AbortSignal.timeout(10_000) }),
    () => second.apps.isHealthy("web"),
    () => second.apps.remove(ann, "web"),
  ];
  for (const request of requests)
    await assert.rejects(request(), { code: "unavailable", message: /name of host_test/ });
  await assert.rejects(second.apps.get(ben, "web"), { code: "forbidden" });
  live.delete(first.host.id);
  await assert.rejects(second.apps.put(ann, "web", script("true"), enabled), {
    code: "unavailable",
    message: /not running/,
  });
  assert.deepEqual(await first.apps.get(ann, "web"), before);
});

test("an app whose host is gone can be removed from another yard; should the host come back, it stops there", async () => {
  await using yards = await openTwoYards();
  const { first, second, live } = yards;
  const ann = await first.addUser("ann");
  await first.apps.put(ann, "web", sleeper, enabled);
  live.delete(first.host.id);
  await first.restart(async () => {
    await second.apps.remove(ann, "web");
    await second.apps.put(ann, "web", sleeper, enabled);
    assert.equal((await first.host.units.list()).length, 1);
  });
  assert.deepEqual(await first.host.units.list(), []);
  assert.equal((await second.host.units.list()).length, 1);
});

test("apps from before there were hosts to tell apart belong to the yard that starts first", async () => {
  await using yard = await openTestYard();
  const ann = await yard.addUser("ann");
  const before = await yard.apps.put(ann, "web", sleeper, enabled);
  await yard.restart(async () => {
    await yard.database.kysely.updateTable("apps").set({ host_id: null }).execute();
  });
  assert.deepEqual(await yard.apps.get(ann, "web"), before);
});
