import assert from "node:assert/strict";
import test from "node:test";
import { readingOf } from "./quirks.ts";

for (const { agent, setting, reading } of [
  { agent: "appmesh/python", setting: "auto", reading: "client" },
  { agent: "appmesh/javascript", setting: "auto", reading: "client" },
  { agent: "curl/8.0", setting: "auto", reading: "document" },
  { agent: "not-appmesh/1", setting: "auto", reading: "document" },
  { agent: undefined, setting: "auto", reading: "document" },
  { agent: "curl/8.0", setting: "client", reading: "client" },
  { agent: "appmesh/golang", setting: "document", reading: "document" },
] as const) {
  test(`User-Agent ${agent} with the setting ${setting} gets the ${reading} reading`, () => {
    assert.equal(readingOf(agent, setting), reading);
  });
}
