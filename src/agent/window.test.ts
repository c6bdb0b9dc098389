import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { RunWindow } from "./protocol.ts";
import { closesAt, isOpen, opensAt } from "./window.ts";

const at = (time: string) => Date.parse(`2026-05-10T${time}Z`);
const hours = (start: number, end: number): RunWindow => ({
  daily: { startSeconds: start * 3_600, endSeconds: end * 3_600 },
});

for (const { what, window, time, open } of [
  { what: "no window", window: undefined, time: "00:00:00", open: true },
  { what: "from 9 to 17, at 9", window: hours(9, 17), time: "09:00:00", open: true },
  { what: "from 9 to 17, at 17", window: hours(9, 17), time: "17:00:00", open: false },
  { what: "from 9 to 17, a millisecond before 9", window: hours(9, 17), time: "08:59:59.999", open: false },
  { what: "from 22 to 6, before midnight", window: hours(22, 6), time: "23:00:00", open: true },
  { what: "from 22 to 6, after midnight", window: hours(22, 6), time: "05:59:59", open: true },
  { what: "from 22 to 6, at noon", window: hours(22, 6), time: "12:00:00", open: false },
  { what: "the same start and end", window: hours(7, 7), time: "12:00:00", open: true },
  { what: "before `from`", window: { from: at("12:00:01") }, time: "12:00:00", open: false },
  { what: "at `from`", window: { from: at("12:00:00") }, time: "12:00:00", open: true },
  { what: "at `until`", window: { until: at("12:00:00") }, time: "12:00:00", open: false },
]) {
  test(`${what}: ${open ? "open" : "closed"}`, () => assert.equal(isOpen(window, at(time)), open));
}

test("it opens and closes at its hours, and never after its end", () => {
  assert.equal(opensAt(hours(9, 17), at("08:00:00")), at("09:00:00"));
  assert.equal(opensAt(hours(9, 17), at("12:00:00")), at("12:00:00"));
  assert.equal(opensAt(hours(9, 17), at("18:00:00")), at("09:00:00") + 86_400_000);
  assert.equal(closesAt(hours(22, 6), at("23:00:00")), at("06:00:00") + 86_400_000);
  assert.equal(closesAt(hours(7, 7), at("12:00:00")), undefined);
  assert.equal(opensAt({ until: at("09:00:00"), ...hours(9, 17) }, at("08:00:00")), undefined);
  assert.equal(closesAt({ until: at("13:00:00"), ...hours(9, 17) }, at("12:00:00")), at("13:00:00"));
});

test("between its openings it is closed, and open until it closes", () => {
  const second = fc.integer({ min: 0, max: 86_400 });
  const time = fc.integer({ min: 0, max: 4e12 });
  const window = fc.record(
    { from: time, until: time, daily: fc.record({ startSeconds: second, endSeconds: second }) },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(window, time, fc.double({ min: 0, max: 1, noNaN: true }), (window, now, share) => {
      const opens = opensAt(window, now);
      const between = (start: number, end: number) => Math.floor(start + share * (end - 1 - start));
      if (opens === undefined) return assert.equal(isOpen(window, now), false);
      assert.ok(opens >= now && isOpen(window, opens));
      if (opens > now) assert.equal(isOpen(window, between(now, opens)), false);
      const closes = closesAt(window, opens);
      if (closes === undefined) return assert.ok(isOpen(window, opens + share * 1e10));
      assert.ok(closes > opens && !isOpen(window, closes));
      assert.ok(isOpen(window, between(opens, closes)));
    }),
  );
});
