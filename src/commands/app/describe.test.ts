import assert from "node:assert/strict";
import { test } from "node:test";
import { describeApp } from "./describe.ts";

const app = { name: "web", enabled: true, temporary: false, starts: 0 };

test("what is set has a line, what is not set has none", () => {
  const json = {
    command: "node server.js",
    behavior: { exit: "restart", control: { 3: "remove" } },
    env: { PORT: "80" },
  };
  assert.deepEqual(describeApp({ ...app, json }), [
    "web",
    "  state       new",
    "  starts      0",
    "  command     node server.js",
    "  variables   PORT=80",
    "  after exit  restart, on 3=remove",
  ]);
});

test("of secret variables only the names are shown, sealed or not", () => {
  const text = describeApp({ ...app, json: { sec_env: { TOKEN: "v1.sealed", KEY: "plain" } } }).join("\n");
  assert.match(text, /secrets +TOKEN, KEY/);
  assert.doesNotMatch(text, /sealed|plain/);
});

test("nothing that a field holds reaches the terminal as a command, not even where another type was meant", () => {
  const hostile = "x\x1b]0;y\x07\u009b\n\u202e";
  const json = {
    command: hostile,
    owner: hostile,
    env: { [hostile]: hostile },
    behavior: hostile,
    metadata: { a: hostile },
  };
  const lines = describeApp({ ...app, name: hostile, lastError: hostile, json });
  assert.doesNotMatch(lines.join(""), /[\p{Cc}\p{Bidi_Control}]/u);
});
