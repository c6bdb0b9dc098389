import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseCron } from "./cron.ts";

const newYork = "America/New_York"; // forward on 2026-03-08 at 02:00, back on 2026-11-01 at 02:00
const times = (expression: string, from: string, count: number) => {
  const cron = parseCron(expression, newYork);
  const found: string[] = [];
  for (let at = Date.parse(from); found.length < count; ) {
    at = cron.nextAfter(at) ?? Number.NaN;
    found.push(new Date(at).toISOString().slice(0, 16));
  }
  return found;
};

for (const { what, expression, from, expected } of [
  {
    what: "a single time that does not exist comes right after the gap",
    expression: "0 30 2 * * *",
    from: "2026-03-08T04:00:00Z",
    expected: ["2026-03-08T07:00", "2026-03-09T06:30"],
  },
  {
    what: "of several times, those that do not exist are left out",
    expression: "0 30 2-4 * * *",
    from: "2026-03-08T04:00:00Z",
    expected: ["2026-03-08T07:30", "2026-03-08T08:30", "2026-03-09T06:30"],
  },
  {
    what: "a single time that exists twice comes once",
    expression: "0 30 1 * * *",
    from: "2026-11-01T04:00:00Z",
    expected: ["2026-11-01T05:30", "2026-11-02T06:30"],
  },
  {
    what: "an expression of several times goes on through both passes",
    expression: "0 */30 * * * *",
    from: "2026-11-01T05:15:00Z",
    expected: ["2026-11-01T05:30", "2026-11-01T06:00", "2026-11-01T06:30", "2026-11-01T07:00"],
  },
]) {
  test(`${what}, when the clocks change`, () => assert.deepEqual(times(expression, from, expected.length), expected));
}

test("the fields are honoured, and the times strictly increase", () => {
  const field = (most: number) => fc.integer({ min: 0, max: most });
  const after = fc.integer({ min: 0, max: Date.parse("2100-01-01T00:00:00Z") });
  fc.assert(
    fc.property(field(59), field(59), field(23), fc.constantFrom("*", "1-5", "SUN"), after, (s, m, h, days, from) => {
      const cron = parseCron(`${s} ${m} ${h} * * ${days}`, "UTC");
      let last = from;
      for (let i = 0; i < 3; i++) {
        const next = cron.nextAfter(last) ?? Number.NaN;
        assert.ok(next > last);
        const date = new Date(next);
        assert.deepEqual([date.getUTCSeconds(), date.getUTCMinutes(), date.getUTCHours()], [s, m, h]);
        if (days === "1-5") assert.ok(date.getUTCDay() >= 1 && date.getUTCDay() <= 5);
        if (days === "SUN") assert.equal(date.getUTCDay(), 0);
        last = next;
      }
    }),
    { numRuns: 100 },
  );
});

test("it has its time to the second: nothing before is taken, nothing in between left out", () => {
  const cron = parseCron("* * * * * *", "UTC");
  assert.equal(cron.nextAfter(1_700_000_000_000), 1_700_000_001_000);
  assert.equal(cron.nextAfter(1_699_999_999_999), 1_700_000_000_000);
});

test("an expression that never fits has no next time", () => {
  assert.equal(parseCron("0 0 0 30 2 *").nextAfter(Date.now()), undefined);
});

for (const expression of [
  "",
  "* * * * *",
  "* * * * * * *",
  "61 * * * * *",
  "*/0 * * * * *",
  "a b c d e f",
  "0/5 * * * * *",
  "@daily",
  "2030-01-01T00:00:00",
  `${"1,".repeat(50_000)}1 * * * * *`,
]) {
  test(`refused: ${JSON.stringify(expression.slice(0, 30))}`, () => {
    assert.throws(() => parseCron(expression), { code: "precondition", field: "schedule" });
  });
}

test("whatever the text, it is an expression or refused, at once", () => {
  const word = fc.stringMatching(/^[0-9*/,?LW#A-Z-]{1,8}$/);
  const text = fc.oneof(
    fc.string(),
    fc.array(word, { minLength: 6, maxLength: 6 }).map((words) => words.join(" ")),
  );
  fc.assert(
    fc.property(text, (expression) => {
      try {
        const next = parseCron(expression, "UTC").nextAfter(0);
        assert.ok(next === undefined || next > 0);
      } catch (error) {
        assert.ok(error instanceof Error && "code" in error && error.code === "precondition", String(error));
      }
    }),
    { numRuns: 200 },
  );
});

test("an unknown time zone is refused", () => {
  assert.throws(() => parseCron("* * * * * *", "No/Where"), { code: "precondition" });
});
