import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryDirectory } from "../src/platform/testing/temporary-directory.ts";

const passes = 'test("passes", () => {});';
const skips = 'test("skips", { skip: "no engine" }, () => {});';
const fails = 'test("fails", () => { throw new Error("always"); });';
const failsOnce = `const seen = import.meta.filename + ".seen";
  test("fails once", () => { if (existsSync(seen)) return; writeFileSync(seen, ""); throw new Error("first"); });`;
const dies = 'test("dies", () => process.exit(3));';

/** Runs `npm test` on files with these bodies. */
function runTests(bodies: readonly string[], env: NodeJS.ProcessEnv = {}) {
  using directory = temporaryDirectory();
  const files = bodies.map((body, index) => {
    const file = join(directory.path, `${index}.test.mjs`);
    writeFileSync(
      file,
      `import { existsSync, writeFileSync } from "node:fs";\nimport { test } from "node:test";\n${body}\n`,
    );
    return file;
  });
  const { CI: _, NODE_TEST_CONTEXT: _ours, ...outer } = process.env;
  const { status, stdout } = spawnSync(process.execPath, [join(import.meta.dirname, "test.ts"), ...files], {
    encoding: "utf8",
    env: { ...outer, ...env },
  });
  const count = (name: string) => Number(stdout.match(new RegExp(`^# ${name} (\\d+)$`, "m"))?.[1]);
  return { status, stdout, counts: [count("tests"), count("pass"), count("fail"), count("skipped")] };
}

test("what passes, fails and is skipped is counted, and a failure is the run's", () => {
  const { status, counts } = runTests([`${passes}${skips}`, `${passes}${fails}`]);
  assert.deepEqual({ status, counts }, { status: 1, counts: [4, 2, 1, 1] });
});

test("under CI a skipped test is a failure", () => {
  assert.equal(runTests([`${passes}${skips}`]).status, 0);
  assert.equal(runTests([`${passes}${skips}`], { CI: "true" }).status, 1);
});

test("a file that fails beside others is run again alone, and is named when it passes then", () => {
  const { status, stdout, counts } = runTests([passes, failsOnce]);
  assert.deepEqual({ status, counts }, { status: 0, counts: [2, 2, 0, 0] });
  assert.match(
    stdout,
    /Passed alone, but had failed beside others; each is a fault to find:\n {2}.*1\.test\.mjs: fails once\n/,
  );
});

test("a file that fails twice, or dies, is a failure", () => {
  for (const body of [fails, dies]) {
    const { status, counts } = runTests([passes, body]);
    assert.deepEqual({ status, counts }, { status: 1, counts: [2, 1, 1, 0] });
  }
});

test("many files that fail are no accident: none is run again", () => {
  const { status, counts } = runTests([failsOnce, failsOnce, failsOnce, failsOnce]);
  assert.deepEqual({ status, counts }, { status: 1, counts: [4, 0, 4, 0] });
});
