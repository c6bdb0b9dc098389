import assert from "node:assert/strict";
import { test } from "node:test";
import { CredentialCache } from "./credential-cache.ts";

const entry = (...tags: string[]) => ({ tags });

test("an entry is found until one of its tags is dropped", () => {
  const cache = new CredentialCache<{ tags: string[] }>(10);
  cache.set("a", entry("session:1", "user:1"), cache.ticket());
  cache.set("b", entry("session:2", "user:1"), cache.ticket());
  cache.drop("session:1");
  assert.deepEqual([cache.get("a"), cache.get("b")?.tags], [undefined, ["session:2", "user:1"]]);
  cache.drop("user:1");
  assert.equal(cache.size, 0);
});

test("what was read before a drop is not kept: it may be what was just revoked", () => {
  const cache = new CredentialCache<{ tags: string[] }>(10);
  const ticket = cache.ticket();
  cache.drop("user:1");
  cache.set("a", entry("user:1"), ticket);
  assert.equal(cache.get("a"), undefined);
  const second = cache.ticket();
  cache.clear();
  cache.set("a", entry("user:1"), second);
  assert.equal(cache.get("a"), undefined);
});

test("an entry that was read before a drop takes the place of none, not even of its own older state", () => {
  const cache = new CredentialCache<{ tags: string[] }>(10);
  cache.set("a", entry("user:1"), cache.ticket());
  const ticket = cache.ticket();
  cache.drop("user:2");
  cache.set("a", entry("user:1"), ticket);
  assert.equal(cache.get("a"), undefined);
});

test("it never holds more than its limit; what was set longest ago goes first", () => {
  const cache = new CredentialCache<{ tags: string[] }>(3);
  for (const credential of ["a", "b", "c", "a", "d", "e"]) cache.set(credential, entry("user:1"), cache.ticket());
  assert.equal(cache.size, 3);
  assert.deepEqual(
    ["a", "b", "c", "d", "e"].filter((credential) => cache.get(credential)),
    ["a", "d", "e"],
  );
});
