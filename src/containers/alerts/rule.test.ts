import assert from "node:assert/strict";
import { test } from "node:test";
import { type AlertRuleInput, isAbout, isAlarming, requireSoundRule } from "./rule.ts";

for (const [filter, name, isMeant] of [
  ["*", "web", true],
  ["web", "web", true],
  ["web", "web-1", false],
  ["web*", "web-1", true],
  ["*-db", "shop-db", true],
  ["*-db", "db", false],
  ["a*b*c", "a-b-b-c", true],
  ["a*b*c", "a-c-b", false],
  ["aa*aa", "aaa", false],
  ["a*a", "aa", true],
  ["w.b", "web", false],
  [`${"*a".repeat(50)}*b`, "a".repeat(250), false],
] as const) {
  test(`${filter.slice(0, 20)} is ${isMeant ? "" : "not "}about ${name.slice(0, 20)}`, () =>
    assert.equal(isAbout({ containerFilter: filter }, name), isMeant));
}

test("what is above or below the threshold alarms, the threshold itself does not", () => {
  assert.deepEqual(
    ([89, 90, 91] as const).map((value) => isAlarming({ operator: "gt", threshold: 90 }, value)),
    [false, false, true],
  );
  assert.deepEqual(
    ([89, 90, 91] as const).map((value) => isAlarming({ operator: "lt", threshold: 90 }, value)),
    [true, false, false],
  );
});

const sound: AlertRuleInput = {
  ...{ name: "n", containerFilter: "*", metric: "cpu_percent", operator: "gt", threshold: 1, severity: "info" },
  ...{ durationSeconds: 0, cooldownSeconds: 0, channelIds: [], isEnabled: true },
};

for (const [field, change] of [
  ["name", { name: " " }],
  ["name", { name: "x".repeat(201) }],
  ["container_filter", { containerFilter: "" }],
  ["threshold", { threshold: 0 }],
  ["threshold", { threshold: Number.NaN }],
  ["duration_seconds", { durationSeconds: -1 }],
  ["duration_seconds", { durationSeconds: 1.5 }],
  ["duration_seconds", { durationSeconds: 86_400 }],
  ["cooldown_seconds", { cooldownSeconds: 1e9 }],
  ["channel_ids", { channelIds: Array.from({ length: 51 }, (_, id) => id) }],
] as const) {
  test(`a rule with ${JSON.stringify(change).slice(0, 40)} is refused`, () => {
    assert.doesNotThrow(() => requireSoundRule(sound));
    assert.throws(() => requireSoundRule({ ...sound, ...change }), { code: "invalid", field });
  });
}
