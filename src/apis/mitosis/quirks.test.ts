import assert from "node:assert/strict";
import test from "node:test";
import { tokenToWire } from "./callers.ts";
import { readingOf } from "./quirks.ts";
import { timeToWire } from "./times.ts";

for (const { agent, setting, reading } of [
  { agent: undefined, setting: "auto", reading: "client" },
  { agent: "", setting: "auto", reading: "document" },
  { agent: "curl/8.0", setting: "auto", reading: "document" },
  { agent: "curl/8.0", setting: "client", reading: "client" },
  { agent: undefined, setting: "document", reading: "document" },
] as const) {
  test(`User-Agent ${agent} with the setting ${setting} gets the ${reading} reading`, () => {
    assert.equal(readingOf(agent, setting), reading);
  });
}

for (const { time, client, document } of [
  {
    time: Date.UTC(2026, 0, 5, 9, 7, 3, 250),
    client: "2026-01-05 09:07:03.25 +00:00:00",
    document: "2026-01-05T09:07:03.250Z",
  },
  {
    time: Date.UTC(2026, 11, 31, 23, 59, 59, 0),
    client: "2026-12-31 23:59:59.0 +00:00:00",
    document: "2026-12-31T23:59:59.000Z",
  },
  {
    time: Date.UTC(2026, 1, 3, 4, 5, 6, 7),
    client: "2026-02-03 04:05:06.007 +00:00:00",
    document: "2026-02-03T04:05:06.007Z",
  },
  { time: 0, client: "1970-01-01 00:00:00.0 +00:00:00", document: "1970-01-01T00:00:00.000Z" },
]) {
  test(`timestamps: ${document} is ${client} for the client`, () => {
    assert.equal(timeToWire(time, "client"), client);
    assert.equal(timeToWire(time, "document"), document);
  });
}

test("token: a JWT is its base64 for the client, as it is for others", () => {
  assert.equal(tokenToWire("eyJh.eyJz.c2ln", "client"), "ZXlKaC5leUp6LmMybG4=");
  assert.equal(tokenToWire("eyJh.eyJz.c2ln", "document"), "eyJh.eyJz.c2ln");
});
