import assert from "node:assert/strict";
import { test } from "node:test";
import type { ExecutionSeen } from "../../client/scripts.ts";
import { outcomeLines } from "./repl-text.ts";

const completed: ExecutionSeen = { json: {}, id: "1", status: "completed", startedAt: new Date(0), lost: [] };

for (const { result, lines } of [
  { result: undefined, lines: [] },
  { result: '{"a":[1,"x"]}', lines: ["{ a: [ 1, 'x' ] }"] },
  { result: '"a\\u001b[2J\\n\u202e"', lines: ["'a\\x1B[2J\\n\\u{202e}'"] },
  { result: "null", lines: ["null"] },
])
  test(`the result ${result} is shown as ${lines}`, () =>
    assert.deepEqual(outcomeLines({ ...completed, result }, 80), lines));

test("what JSON could not express is named", () => {
  assert.deepEqual(outcomeLines({ ...completed, result: "{}", lost: ["$: a Map"] }, 80), [
    "{}",
    "// not in JSON: $: a Map",
  ]);
  assert.deepEqual(outcomeLines({ ...completed, lost: ["$: a function"] }, 80), ["// not in JSON: $: a function"]);
});

test("an error is shown with the functions that it came through, inert and without positions that mean nothing", () => {
  const error = "TypeError: no\x1b[2J\n    at bad (file:///main.js:1:15)\n    at <anonymous> (file:///main.js:3:1)";
  assert.deepEqual(outcomeLines({ ...completed, status: "failed", error }, 80), [
    "TypeError: no\\x1b[2J",
    "    at bad",
  ]);
  assert.deepEqual(outcomeLines({ ...completed, status: "timed_out", error: "Execution timed out" }, 80), [
    "Execution timed out",
  ]);
});
