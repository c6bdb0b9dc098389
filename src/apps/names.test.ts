import assert from "node:assert/strict";
import { test } from "node:test";
import { checkName, copyName, generateName } from "./names.ts";

for (const name of ["web", "run", "syncrun", "a b", "..x", "CON", "$(id)", "日本語", "x".repeat(128), "agent2"]) {
  test(`${JSON.stringify(name.slice(0, 20))} is a name`, () => assert.equal(checkName(name), name));
}

for (const name of [
  ...[
    "",
    "  ",
    ".",
    "..",
    "a/b",
    "../x",
    "*",
    "-rf",
    "agent",
    " agent ",
    "a\0b",
    "a\nb",
    "a\tb",
    "\u202egnp.exe",
    "\ud800",
  ],
  "x".repeat(129),
]) {
  test(`${JSON.stringify(name.slice(0, 20))} is refused`, () => {
    assert.throws(() => checkName(name), { code: "invalid", field: "name" });
  });
}

test("names are trimmed", () => assert.equal(checkName("  web "), "web"));

test("a generated name and a copy's name are names", () => {
  assert.match(generateName(), /^[0-9a-z]{10}$/);
  assert.equal(copyName("web", 2), "web_2");
  assert.equal(checkName(copyName("x".repeat(128), 10)).length, 128);
});
