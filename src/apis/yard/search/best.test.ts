import assert from "node:assert/strict";
import { test } from "node:test";
import { bestOf } from "./best.ts";
import type { Hit } from "./hits.ts";

const hit = (name: string, id = `app_${name}`): Hit => ({ kind: "app", id, name, where: null });
const namesOf = (hits: readonly Hit[], text: string, limit = 20) => bestOf(hits, text, limit).map(({ name }) => name);

test("the very name is first, then what begins so, then what has it inside, then what has its words", () => {
  const hits = ["my web", "web-2", "shop of the web", "web", "the wobble", "web of shop"].map((name) => hit(name));
  assert.deepEqual(namesOf(hits, "WEB"), ["web", "web-2", "web of shop", "my web", "shop of the web"]);
  assert.deepEqual(namesOf(hits, "web shop"), ["web of shop", "shop of the web"]);
  assert.deepEqual(namesOf(hits, "web", 2), ["web", "web-2"]);
  assert.deepEqual(namesOf(hits, "nothing"), []);
});

test("an id is found as a whole or by its beginning, but not by what all ids begin with", () => {
  const hits = [hit("one", "app_01m82y7s277"), hit("two", "app_01m82y7rt7d")];
  assert.deepEqual(namesOf(hits, "app_01m82y7rt7d"), ["two"]);
  assert.deepEqual(namesOf(hits, "APP_01M82Y7S"), ["one"]);
  assert.deepEqual(namesOf(hits, "app_"), []);
});
