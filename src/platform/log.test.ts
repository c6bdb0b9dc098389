import assert from "node:assert/strict";
import { test } from "node:test";
import { createLog } from "./log.ts";

function captured() {
  const lines: string[] = [];
  return { lines, destination: { write: (line: string) => void lines.push(line) } };
}

test("hides values by their field's name, at any depth and in any case", () => {
  const { lines, destination } = captured();
  const log = createLog({ level: "info", destination });
  log.info(
    {
      headers: { Authorization: "Bearer s3cret", cookie: "a=s3cret", "set-cookie": ["s3cret"], "X-API-Key": "s3cret" },
      user: { new_password: "s3cret", passwd: "s3cret", deeper: [{ accessToken: "s3cret", name: "shown" }] },
      process_key: "s3cret",
    },
    "a line",
  );
  assert.doesNotMatch(lines.join(""), /s3cret/);
  assert.match(lines.join(""), /shown/);
});

test("writes an error with its causes, without what else hangs on it", () => {
  const { lines, destination } = captured();
  const error = Object.assign(new Error("outer", { cause: new Error("inner") }), {
    code: "E_X",
    config: { headers: "s3cret" },
  });
  createLog({ level: "info", destination }).error({ err: error }, "failed");
  const line = JSON.parse(lines[0]!);
  assert.equal(line.level, "error");
  assert.equal(line.err.code, "E_X");
  assert.equal(line.err.cause.message, "inner");
  assert.doesNotMatch(lines[0]!, /s3cret/);
});

test("writes nothing below its level", () => {
  const { lines, destination } = captured();
  createLog({ level: "warn", destination }).info("unheard");
  assert.deepEqual(lines, []);
});
