import assert from "node:assert/strict";
import { test } from "node:test";
import { type ContainerMoment, couldHaveSaid, sameUntilMs, statusText } from "./status-text.ts";

const at = Date.UTC(2026, 0, 31, 12);
const [second, minute, hour, day] = [1_000, 60_000, 3_600_000, 86_400_000];
const running: ContainerMoment = { status: "running", startedMs: at, finishedMs: 0, exitCode: 0 };

for (const [ageMs, text] of [
  [-second, "Up Less than a second"],
  [999, "Up Less than a second"],
  [second, "Up 1 second"],
  [59 * second, "Up 59 seconds"],
  [minute, "Up About a minute"],
  [2 * minute, "Up 2 minutes"],
  [hour - 1, "Up 59 minutes"],
  [hour, "Up About an hour"],
  [1.5 * hour, "Up 2 hours"],
  [47 * hour, "Up 47 hours"],
  [48 * hour, "Up 2 days"],
  [14 * day, "Up 2 weeks"],
  [60 * day, "Up 2 months"],
  [730 * day, "Up 2 years"],
] as const) {
  test(`a container that runs for ${ageMs} ms is "${text}"`, () => {
    assert.equal(statusText(running, at + ageMs), text);
  });
}

for (const [said, text] of [
  [{ health: "starting" }, "Up 5 minutes (health: starting)"],
  [{ health: "unhealthy" }, "Up 5 minutes (unhealthy)"],
  [{ status: "paused", health: "healthy" }, "Up 5 minutes (Paused)"],
  [{ status: "exited", finishedMs: at + 2 * minute, exitCode: 137 }, "Exited (137) 3 minutes ago"],
  [{ status: "restarting", finishedMs: at + 5 * minute - second, exitCode: 1 }, "Restarting (1) 1 second ago"],
  [{ status: "created" }, "Created"],
  [{ status: "removing" }, "Removal In Progress"],
  [{ status: "dead" }, "Dead"],
] as const) {
  test(`with ${JSON.stringify(said)} it is "${text}"`, () => {
    assert.equal(statusText({ ...running, ...said }, at + 5 * minute), text);
  });
}

for (const status of ["running", "paused", "exited", "restarting", "created", "dead"]) {
  test(`while it is ${status}, a text stays as it is for as long as it is said to, and turns in the end`, () => {
    const moment = { ...running, status, finishedMs: at + 300 };
    for (const ageMs of [
      -700,
      0,
      999,
      1_300,
      59_400,
      61_000,
      89 * minute,
      1.4 * hour,
      40 * hour,
      13.9 * day,
      800 * day,
    ]) {
      const nowMs = at + ageMs;
      const untilMs = Math.min(sameUntilMs(moment, nowMs), nowMs + hour);
      assert.ok(untilMs > nowMs);
      const text = statusText(moment, nowMs);
      for (let ms = nowMs; ms < untilMs; ms += 100) assert.equal(statusText(moment, ms), text);
      assert.equal(statusText(moment, untilMs - 1), text);
    }
    const turns = sameUntilMs(moment, at + 5_000);
    assert.equal(
      statusText(moment, turns) === statusText(moment, at + 5_000),
      status === "created" || status === "dead",
    );
  });
}

test("a text fits if it was right at some moment between two, give or take a clock's error", () => {
  assert.equal(couldHaveSaid("Up 10 seconds", running, at + 9 * second, at + 9 * second), true);
  assert.equal(couldHaveSaid("Up 10 seconds", running, at + 14 * second, at + 15 * second), false);
  assert.equal(couldHaveSaid("Up for ten seconds", running, at + 10 * second, at + 10 * second), false);
});
