import assert from "node:assert/strict";
import test from "node:test";
import type { RunStatus } from "../../agent/protocol.ts";
import { endedUnknown, exitCodeOf } from "./exit-code.ts";

const run = (rest: Partial<RunStatus>): RunStatus => ({ id: "r", startedAt: 0, ...rest });
const exit = (code: number | null, signal: string | null) => ({ code, signal, at: 1 });

for (const { name, given, code, unknown } of [
  { name: "a run that goes on", given: run({ pid: 7 }), code: undefined, unknown: false },
  { name: "an exit status", given: run({ exit: exit(3, null) }), code: 3, unknown: false },
  {
    name: "a stop by the yard",
    given: run({ exit: exit(null, "SIGTERM"), stopCause: "stopped" }),
    code: 9,
    unknown: false,
  },
  {
    name: "a timeout that the process met with an orderly exit",
    given: run({ exit: exit(0, null), stopCause: "timeout" }),
    code: 9,
    unknown: false,
  },
  { name: "a foreign signal", given: run({ exit: exit(null, "SIGSEGV") }), code: 11, unknown: false },
  { name: "an end that nobody saw", given: run({ exit: exit(null, null) }), code: undefined, unknown: true },
] as const) {
  test(`${name} counts as ${code ?? "no code"}`, () => {
    assert.equal(exitCodeOf(given), code);
    assert.equal(endedUnknown(given), unknown);
  });
}
