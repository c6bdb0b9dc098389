import assert from "node:assert/strict";
import test from "node:test";
import { comparisonFromWire, exitStatusToWire, waitStatusFromWire } from "./exit-status.ts";

for (const { what, waitStatus, exitCode } of [
  { what: "success", waitStatus: 0, exitCode: 0 },
  { what: "exit code 3", waitStatus: 768, exitCode: 3 },
  { what: "exit code 255", waitStatus: 65_280, exitCode: 255 },
  { what: "death by SIGTERM", waitStatus: 15, exitCode: 143 },
  { what: "death by SIGSEGV with a core dump", waitStatus: 11 + 128, exitCode: 139 },
])
  test(`${what} is wait status ${waitStatus} for Mitosis' programs and exit code ${exitCode} for others`, () => {
    assert.equal(exitStatusToWire(waitStatus, "client"), waitStatus);
    assert.equal(exitStatusToWire(waitStatus, "document"), exitCode);
  });

test("an exit code that is reported is the one that is shown", () => {
  for (const code of [0, 1, 127, 137, 255, -1]) {
    assert.equal(exitStatusToWire(waitStatusFromWire(code, "document"), "document"), code);
    assert.equal(exitStatusToWire(waitStatusFromWire(code, "client"), "client"), code);
  }
});

test("an exit code that no wait status can hold is refused", () => {
  for (const code of [2 ** 23, 2 ** 31 - 1, -(2 ** 24)])
    assert.throws(() => waitStatusFromWire(code, "document"), { code: "invalid", field: "exit_status" });
});

test("comparisons are made of what is stored", () => {
  const above = { is: ">", value: 2 } as const;
  assert.deepEqual(comparisonFromWire(above, "document"), { is: ">", value: 512 });
  assert.deepEqual(comparisonFromWire(above, "client"), above);
  assert.equal(comparisonFromWire(undefined, "document"), undefined);
});
