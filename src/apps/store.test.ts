import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../platform/clock.ts";
import { createSecretBox } from "../platform/crypto/secret-box.ts";
import { eachDialect } from "../platform/db/testing.ts";
import { createAppStore, type StoredApp } from "./store.ts";
import { definitionOf } from "./testing.ts";

const secrets = createSecretBox(Buffer.alloc(32, 1));
const app: StoredApp = {
  id: "app_1",
  name: "web",
  ownerId: null,
  definition: definitionOf(["/bin/true"], { secretEnv: { A: "hush" } }),
  enabled: true,
  revision: 1,
  createdAt: 1_700_000_000_000,
  updatedAt: 1_700_000_000_001,
  hostId: "host_1",
};

eachDialect("the app store", (open) => {
  test("an app comes back as it was saved", async () => {
    await using database = await open();
    const store = createAppStore(database.kysely, secrets, systemClock);
    await store.insert(app);
    assert.deepEqual(await store.byName("web"), app);
    assert.deepEqual(await store.byId("app_1"), app);
    assert.deepEqual(await store.list(), [app]);
    assert.deepEqual(await store.states("host_1"), [{ id: "app_1", name: "web", revision: 1, enabled: true }]);
    assert.deepEqual(await store.states("host_2"), []);
    assert.equal(await store.isTaken("web"), true);
    assert.equal(await store.byName("Web"), undefined);
  });

  test("a name is taken once", async () => {
    await using database = await open();
    const store = createAppStore(database.kysely, secrets, systemClock);
    await store.insert(app);
    await assert.rejects(store.insert({ ...app, id: "app_2" }), { code: "conflict" });
    assert.deepEqual(await store.list(), [app]);
  });

  test("of two replacements of the same revision one is a conflict", async () => {
    await using database = await open();
    const store = createAppStore(database.kysely, secrets, systemClock);
    await store.insert(app);
    const [first, second] = ["/bin/a", "/bin/b"].map((program) => ({
      ...app,
      definition: definitionOf([program]),
      revision: 2,
    }));
    await store.replace(first!, 1);
    await assert.rejects(store.replace(second!, 1), { code: "conflict" });
    assert.deepEqual(await store.byId("app_1"), first);
  });

  test("an app is switched and deleted", async () => {
    await using database = await open();
    const store = createAppStore(database.kysely, secrets, systemClock);
    await store.insert(app);
    await store.setEnabled("app_1", false, 5);
    assert.deepEqual(await store.byId("app_1"), { ...app, enabled: false, updatedAt: 5 });
    assert.equal(await store.delete("app_1"), true);
    assert.equal(await store.delete("app_1"), false);
    assert.equal(await store.byId("app_1"), undefined);
  });

  test("the list shows each change that was made here at once, and what has not changed as the same object", async () => {
    await using database = await open();
    const store = createAppStore(database.kysely, secrets, systemClock);
    const names = async () => (await store.list()).map(({ name, enabled, revision }) => [name, enabled, revision]);
    await store.insert(app);
    assert.deepEqual(await names(), [["web", true, 1]]);
    const [before] = await store.list();
    await store.insert({ ...app, id: "app_2", name: "db" });
    assert.deepEqual(await names(), [
      ["db", true, 1],
      ["web", true, 1],
    ]);
    assert.equal((await store.list())[1], before);
    await store.setEnabled("app_1", false, 5);
    await store.replace({ ...app, id: "app_2", name: "db", revision: 2, definition: definitionOf(["/bin/b"]) }, 1);
    assert.deepEqual(await names(), [
      ["db", true, 2],
      ["web", false, 1],
    ]);
    assert.deepEqual((await store.list())[0]?.definition.argv, ["/bin/b"]);
    await store.delete("app_2");
    assert.deepEqual(await names(), [["web", false, 1]]);
  });

  test("what another replica has changed is listed a second later", async () => {
    await using database = await open();
    let now = 0;
    const clock = { ...systemClock, monotonic: () => now };
    const [here, there] = [systemClock, systemClock].map(() => createAppStore(database.kysely, secrets, clock));
    await here!.insert(app);
    assert.equal((await here!.list()).length, 1);
    await there!.delete("app_1");
    now += 1_000;
    assert.deepEqual(await here!.list(), []);
  });
});
