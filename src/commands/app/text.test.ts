import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { AppSeen } from "../../client/apps.ts";
import { isYardError } from "../../platform/errors.ts";
import { bytesText, durationText, percentText, settledText, timeText } from "./text.ts";

describe("amounts have three digits at most", () => {
  for (const { bytes, text } of [
    { bytes: 0, text: "0 B" },
    { bytes: 999, text: "999 B" },
    { bytes: 1_000, text: "1.0 KiB" },
    { bytes: 1.5 * 1024 ** 2, text: "1.5 MiB" },
    { bytes: 9.96 * 1024 ** 2, text: "10 MiB" },
    { bytes: 320 * 1024 ** 3, text: "320 GiB" },
  ])
    test(`${bytes} bytes are ${text}`, () => assert.equal(bytesText(bytes), text));

  for (const { percent, text } of [
    { percent: 0, text: "0.0%" },
    { percent: 9.94, text: "9.9%" },
    { percent: 9.96, text: "10%" },
    { percent: 199.7, text: "200%" },
  ])
    test(`${percent} percent are ${text}`, () => assert.equal(percentText(percent), text));
});

describe("durations have their two largest units", () => {
  for (const { ms, text } of [
    { ms: -5, text: "0s" },
    { ms: 499, text: "0s" },
    { ms: 59_600, text: "1m" },
    { ms: 310_000, text: "5m 10s" },
    { ms: 3_600_000, text: "1h" },
    { ms: (3 * 24 + 4) * 3_600_000 + 59_000, text: "3d 4h" },
  ])
    test(`${ms} ms are ${text}`, () => assert.equal(durationText(ms), text));
});

test("a time says how far away it is", () => {
  const now = Date.UTC(2026, 0, 31, 8);
  assert.match(timeText(new Date(now + 90_000), now), /^2026-0[12]-\d\d \d\d:\d\d:30 [+-]\d\d:\d\d \(in 1m 30s\)$/);
  assert.match(timeText(new Date(now - 1_000), now), /\(1s ago\)$/);
});

const app: AppSeen = { json: {}, name: "web", enabled: true, temporary: false, starts: 1 };

test("what a start has led to is a sentence", () => {
  assert.equal(settledText("web", { kind: "running", app: { ...app, pid: 7 } }), "web runs: process 7.");
  assert.match(
    settledText("web", { kind: "waiting", app, until: new Date(Date.now() + 60_500) }),
    /next start: .*in 1m/,
  );
});

test("a start that failed is an error with its reason and where to look, both inert", () => {
  const failed = { kind: "failed", app: { ...app, exitCode: 3, lastError: "It exited\x1b[2J with 3." } } as const;
  assert.throws(
    () => settledText("web", failed),
    (error) => isYardError(error) && error.message.endsWith("It exited\\x1b[2J with 3. Look: runyard app logs web"),
  );
  const neverRan = { kind: "failed", app: { ...app, lastError: "no such file" } } as const;
  assert.throws(
    () => settledText("web", neverRan),
    (error) => isYardError(error) && error.message.endsWith("no such file Look: runyard app show web"),
  );
});
