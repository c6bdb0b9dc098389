import assert from "node:assert/strict";
import { test } from "node:test";
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
};

eachDialect("the app store", (open) => {
  test("an app comes back as it was saved", async () => {
    await using database = await open();
    const store = createAppStore(database.kysely, secrets);
    await store.insert(app);
    assert.deepEqual(await store.byName("web"), app);
    assert.deepEqual(await store.byId("app_1"), app);
    assert.deepEqual(await store.list(), [app]);
    assert.deepEqual(await store.states(), [{ id: "app_1", name: "web", revision: 1, enabled: true }]);
    assert.equal(await store.isTaken("web"), true);
    assert.equal(await store.byName("Web"), undefined);
  });

  test("a name is taken once", async () => {
    await using database = await open();
    const store = createAppStore(database.kysely, secrets);
    await store.insert(app);
    await assert.rejects(store.insert({ ...app, id: "app_2" }), { code: "conflict" });
    assert.deepEqual(await store.list(), [app]);
  });

  test("of two replacements of the same revision one is a conflict", async () => {
    await using database = await open();
    const store = createAppStore(database.kysely, secrets);
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
    const store = createAppStore(database.kysely, secrets);
    await store.insert(app);
    await store.setEnabled("app_1", false, 5);
    assert.deepEqual(await store.byId("app_1"), { ...app, enabled: false, updatedAt: 5 });
    assert.equal(await store.delete("app_1"), true);
    assert.equal(await store.delete("app_1"), false);
    assert.equal(await store.byId("app_1"), undefined);
  });
});
