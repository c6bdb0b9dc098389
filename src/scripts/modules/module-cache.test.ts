import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import { openFileBlobStore } from "../../platform/blobs/file-store.ts";
import { eachDialect, type TestDatabase } from "../../platform/db/testing.ts";
import { temporaryDirectory } from "../../platform/testing/temporary-directory.ts";
import { createModuleCache, usualModuleCacheLimits } from "./module-cache.ts";

const hour = 3_600_000;
const address = (name: string) => new URL(`https://a.test/${name}`);
const moduleOf = (text: string, name = "found") => ({ url: address(name), isJson: false, content: Buffer.from(text) });

eachDialect("the cache of modules", (openDatabase) => {
  async function open(limits: Partial<typeof usualModuleCacheLimits> = {}) {
    const opened = new AsyncDisposableStack();
    const database: TestDatabase = opened.use(await openDatabase());
    const clock = { now: () => time.now, monotonic: () => time.now };
    const time = { now: 1_000 * hour };
    const { path: directory } = opened.use(temporaryDirectory());
    const blobs = opened.use(await openFileBlobStore({ directory, clock }));
    const cache = createModuleCache({ database, blobs, clock, limits: { ...usualModuleCacheLimits, ...limits } });
    const names = async () => (await blobs.list("modules/", { limit: 1_000 })).map(({ key }) => key);
    return { cache, blobs, time, names, [Symbol.asyncDispose]: () => opened.disposeAsync() };
  }

  test("gives back what an address has led to, and nothing for another", async () => {
    await using parts = await open();
    const { cache, time } = parts;
    assert.equal(await cache.find(address("a")), undefined);
    await cache.keep(address("a"), { ...moduleOf("export {}", "b"), isJson: true });
    const found = await cache.find(address("a"));
    assert.deepEqual(
      [found?.url.href, found?.isJson, found?.content.toString()],
      ["https://a.test/b", true, "export {}"],
    );
    assert.equal(await cache.find(address("b")), undefined);
    time.now += 1;
    await cache.keep(address("a"), moduleOf("newer"));
    assert.equal((await cache.find(address("a")))?.content.toString(), "newer");
  });

  test("keeps one content once, and as long as an address leads to it", async () => {
    await using parts = await open({ maxModules: 1 });
    const { cache, names, time } = parts;
    await cache.keep(address("a"), moduleOf("same"));
    time.now += hour;
    await cache.keep(address("b"), moduleOf("same"));
    assert.equal((await names()).length, 1);
    await cache.trim();
    assert.equal(await cache.find(address("a")), undefined);
    assert.equal((await cache.find(address("b")))?.content.toString(), "same");
  });

  test("does not give what was changed or lost on the disk", async () => {
    await using parts = await open();
    const { cache, blobs, names } = parts;
    await cache.keep(address("a"), moduleOf("honest"));
    const [key = ""] = await names();
    await blobs.put(key, Readable.from([Buffer.from("wicked")]));
    assert.equal(await cache.find(address("a")), undefined);
    await blobs.delete(key);
    assert.equal(await cache.find(address("a")), undefined);
    await cache.keep(address("a"), moduleOf("honest"));
    assert.equal((await cache.find(address("a")))?.content.toString(), "honest");
  });

  test("forgets what is too old", async () => {
    await using parts = await open({ maxAgeMs: 24 * hour });
    const { cache, time, names } = parts;
    await cache.keep(address("a"), moduleOf("old"));
    time.now += 24 * hour;
    assert.ok(await cache.find(address("a")));
    time.now += 1;
    assert.equal(await cache.find(address("a")), undefined);
    await cache.trim();
    assert.deepEqual(await names(), []);
  });

  test("forgets what was not used for longest when it is too much", async () => {
    await using parts = await open({ maxBytes: 20 });
    const { cache, time, names } = parts;
    for (const name of ["a", "b", "c"]) {
      await cache.keep(address(name), moduleOf(name.repeat(10)));
      time.now += 2 * hour;
    }
    await cache.find(address("a"));
    await cache.trim();
    assert.equal((await names()).length, 2);
    assert.equal(await cache.find(address("b")), undefined);
    assert.ok(await cache.find(address("a")));
    assert.ok(await cache.find(address("c")));
  });
});
