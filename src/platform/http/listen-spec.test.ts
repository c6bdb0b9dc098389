import assert from "node:assert/strict";
import { test } from "node:test";
import { formatUrl, parseListenSpec } from "./listen-spec.ts";

for (const [text, secure, host, port] of [
  ["127.0.0.1:7700", false, "127.0.0.1", 7700],
  ["localhost:0", false, "localhost", 0],
  ["[::1]:7700", false, "::1", 7700],
  ["http://0.0.0.0:80", false, "0.0.0.0", 80],
  ["https://yard.example:6060/", true, "yard.example", 6060],
] as const) {
  test(`${text} is an address to listen on`, () => {
    assert.deepEqual(parseListenSpec(text, false), { secure, host, port });
    assert.equal(parseListenSpec(text, true).secure, !text.startsWith("http://"));
  });
}

for (const text of [
  "",
  "7700",
  ":7700",
  "127.0.0.1",
  "127.0.0.1:",
  "127.0.0.1:70000",
  "::1:7700",
  "ftp://a:1",
  "a b:1",
  "https://a:1/path",
  "unix:/x",
]) {
  test(`${JSON.stringify(text)} is none`, () => {
    assert.throws(() => parseListenSpec(text, false), { code: "invalid" });
  });
}

test("URLs show IPv6 addresses in brackets", () => {
  assert.equal(formatUrl({ secure: true, host: "::1", port: 1 }), "https://[::1]:1");
});
