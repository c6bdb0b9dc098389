import assert from "node:assert/strict";
import test from "node:test";
import { parseTarget } from "./target.ts";

const missing = { secure: true, port: 6060 };

for (const [text, secure, host, port] of [
  ["node7", true, "node7", 6060],
  ["Node7:7700", true, "node7", 7700],
  ["http://node7", false, "node7", 6060],
  ["https://node7:80/", true, "node7", 80],
  ["10.0.0.7:1", true, "10.0.0.7", 1],
  ["[fd00::7]", true, "fd00::7", 6060],
  ["[::1]:7700", true, "::1", 7700],
  ["0x7f.1", true, "127.0.0.1", 6060],
  ["2130706433:80", true, "127.0.0.1", 80],
  ["017700000001", true, "127.0.0.1", 6060],
] as const) {
  test(`${text} is ${host} at port ${port}`, () => {
    assert.deepEqual(parseTarget(text, missing), { secure, host, port });
  });
}

for (const text of [
  "",
  "a b",
  "user@node7",
  "node7/path",
  "ftp://node7",
  "node7:99999",
  "::1",
  "node7\r\nx: y",
  "a:b:1",
]) {
  test(`${JSON.stringify(text)} is refused`, () => {
    assert.throws(() => parseTarget(text, missing), { code: "invalid" });
  });
}
