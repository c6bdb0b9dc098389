import assert from "node:assert/strict";
import { test } from "node:test";
import type { RunStatus, StopCause, UnitStatus } from "../agent/protocol.ts";
import type { MirroredUnit } from "./mirror.ts";
import { runtimeOf } from "./runtime.ts";

const exit = { exit: { code: 0, signal: null, at: 10 } };

function mirrored(
  run: Partial<RunStatus> | undefined,
  unit: Partial<UnitStatus> = {},
  isChecked = false,
): MirroredUnit {
  const runs = run ? [{ id: "r", startedAt: 0, ...run }] : [];
  const lastEnded = runs.find((one) => one.exit);
  const base = { id: "u", version: 1, revision: 1, enabled: true, createdAt: 0, starts: runs.length };
  return {
    unit: { ...base, runs, lastEnded, ...unit },
    meta: { kind: "defined", appId: "a", name: "a", exit: { action: "standby", byCode: {} }, isChecked },
  };
}

for (const { title, given, healthy } of [
  { title: "that runs", given: mirrored({ pid: 1 }), healthy: true },
  { title: "that never ran", given: mirrored(undefined), healthy: false },
  { title: "that ended well", given: mirrored(exit), healthy: true },
  { title: "that ended badly", given: mirrored({ exit: { code: 1, signal: null, at: 1 } }), healthy: false },
  { title: "that was stopped", given: mirrored({ ...exit, stopCause: "stopped" }), healthy: false },
  {
    title: "that runs and fails its check",
    given: mirrored({ pid: 1 }, { health: { ok: false, at: 1 } }, true),
    healthy: false,
  },
  {
    title: "that ended badly and passes its check",
    given: mirrored({ exit: { code: 1, signal: null, at: 1 } }, { health: { ok: true, at: 1 } }, true),
    healthy: true,
  },
  { title: "that runs and was not checked yet", given: mirrored({ pid: 1 }, {}, true), healthy: true },
  { title: "with a check that is disabled", given: mirrored(exit, { enabled: false }, true), healthy: false },
  { title: "with a check that ended well before the first one", given: mirrored(exit, {}, true), healthy: false },
]) {
  test(`an app ${title} is ${healthy ? "" : "not "}healthy`, () => assert.equal(runtimeOf(given).healthy, healthy));
}

for (const { stopCause, message } of [
  { stopCause: "stopped", message: "It was stopped." },
  { stopCause: "window", message: "It was killed: it may not run at this time." },
  { stopCause: "superseded", message: "It was killed: its next run was due." },
  { stopCause: "timeout", message: "It was killed at its timeout." },
  { stopCause: "shutdown", message: undefined },
  { stopCause: undefined, message: undefined },
] satisfies { stopCause: StopCause | undefined; message: string | undefined }[]) {
  test(`an end by ${stopCause ?? "itself, with code 0,"} leaves ${message ? "an error" : "no error"}`, () => {
    assert.equal(runtimeOf(mirrored({ ...exit, stopCause })).lastError?.message, message);
  });
}

test("the later of the agent's error and the end of the last run is shown", () => {
  const ended = { exit: { code: 3, signal: null, at: 10 } };
  const of = (at: number) => runtimeOf(mirrored(ended, { lastError: { at, message: "from the agent" } })).lastError;
  assert.deepEqual(of(9), { at: 10, message: "It exited with 3." });
  assert.deepEqual(of(11), { at: 11, message: "from the agent" });
});
