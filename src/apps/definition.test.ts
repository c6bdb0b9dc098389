import assert from "node:assert/strict";
import { test } from "node:test";
import { createSecretBox } from "../platform/crypto/secret-box.ts";
import type { AppDefinition } from "./app.ts";
import { openDefinition, parseSealedDefinition, sealDefinition } from "./definition.ts";
import { checkDefinition } from "./definition-check.ts";
import { definitionOf } from "./testing.ts";

const secrets = createSecretBox(Buffer.alloc(32, 1));
const whole = definitionOf(["/bin/true"], {
  description: "d",
  metadata: { a: [1, null] },
  workingDirectory: "/",
  env: { A: "1" },
  secretEnv: { TOKEN: "hush" },
  exit: { action: "restart", byCode: { 3: "remove" } },
  limits: { memoryBytes: 1 },
  schedule: { kind: "interval", every: { text: "PT1M", ms: 60_000 }, from: 1_700_000_000_000 },
  window: {
    from: 1_700_000_000_000,
    until: 1_800_000_000_000,
    daily: { startSeconds: 79_200, endSeconds: 3_600 },
  },
  retention: { text: "5", ms: 5_000 },
  healthCheck: { command: "true", argv: ["true"] },
  registeredAt: 1_600_000_000_000,
  version: 3,
  sharing: { team: "read", others: "none" },
});

test("a definition comes back as it was, and its secrets are not to be read in between", () => {
  const json = JSON.stringify(sealDefinition(whole, "app_1", secrets));
  assert.doesNotMatch(json, /hush|TOKEN/);
  assert.deepEqual(openDefinition(parseSealedDefinition(json, "app_1"), "app_1", secrets), whole);
});

test("secrets that were moved to another app do not open", () => {
  const sealed = sealDefinition(whole, "app_1", secrets);
  assert.throws(() => openDefinition(sealed, "app_2", secrets), { code: "internal" });
});

test("what is no definition is refused", () => {
  assert.throws(() => parseSealedDefinition('{"argv":"x"}', "app_1"), {
    code: "internal",
    message: /app_1 cannot be read/,
  });
});

const refused: readonly [field: string, changes: Partial<AppDefinition>][] = [
  ["argv", { argv: [] }],
  ["argv", { argv: [""] }],
  ["argv", { argv: ["echo", "a\0b"] }],
  ["workingDirectory", { workingDirectory: "/\0" }],
  ["env", { env: { "A=B": "1" } }],
  ["env", { env: { "": "1" } }],
  ["secretEnv.A", { secretEnv: { A: "\0" } }],
  ["exit.byCode", { exit: { action: "standby", byCode: { "256": "remove" } } }],
  ["exit.byCode", { exit: { action: "standby", byCode: { x: "remove" } } }],
  ["keepOutputs", { keepOutputs: -1 }],
  ["keepOutputs", { keepOutputs: 1.5 }],
  ["limits.memoryBytes", { limits: { memoryBytes: Number.NaN } }],
  ["limits.memoryBytes", { limits: { memoryBytes: 1e300 } }],
  ["limits.cpuShares", { limits: { cpuShares: 1 } }],
  ["healthCheck.argv", { healthCheck: { command: "", argv: [] } }],
  ["schedule.every", { schedule: { kind: "interval", every: { text: "0", ms: 0 }, from: 0 } }],
  ["schedule.every", { schedule: { kind: "interval", every: { text: "", ms: 1e15 }, from: 0 } }],
  ["schedule.from", { schedule: { kind: "interval", every: { text: "1", ms: 1_000 }, from: Number.NaN } }],
  ["schedule", { schedule: { kind: "cron", expression: "0 0 0 30 2 *" } }],
  ["window.from", { window: { from: -1 } }],
  ["window.until", { window: { from: 2, until: 1 } }],
  ["window.until", { window: { until: Number.POSITIVE_INFINITY } }],
  ["window.daily.endSeconds", { window: { daily: { startSeconds: 0, endSeconds: 86_401 } } }],
  ["retention", { retention: { text: "-1", ms: -1_000 } }],
  ["registeredAt", { registeredAt: 1e300 }],
];
for (const [field, changes] of refused) {
  test(`a definition with ${JSON.stringify(changes)} is refused, naming ${field}`, () => {
    assert.throws(() => checkDefinition(definitionOf(["/bin/true"], changes)), { code: "invalid", field });
  });
}

test("what is no cron expression is told by its field", () => {
  const schedule = { kind: "cron", expression: "every day" } as const;
  assert.throws(() => checkDefinition(definitionOf(["/bin/true"], { schedule })), {
    code: "precondition",
    field: "schedule",
  });
});

test("a definition of more than 1 MiB is too large", () => {
  assert.throws(() => checkDefinition(definitionOf(["x".repeat(2 ** 20)])), { code: "too_large" });
});
