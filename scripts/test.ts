/** `npm test`: every test of the project, or those that are named. Ends with Node's summary; under CI=true a skipped test is a failure,
 *  since there a missing part is a fault of the machine that nobody would read about. */
import { globSync } from "node:fs";
import { availableParallelism } from "node:os";
import { run } from "node:test";
import { spec } from "node:test/reporters";

const patterns =
  process.argv.length > 2
    ? process.argv.slice(2)
    : ["src/**/*.test.ts", "scripts/**/*.test.ts", "bench/{harness,figures}/**/*.test.ts", "test/**/*.test.ts"];
const files = globSync(patterns);
if (files.length === 0) {
  console.error(`no test file matches ${patterns.join(" ")}`);
  process.exit(2);
}

/** All of it takes minutes. A test that hangs with what it has started would hold a CI machine for hours. */
const longestMs = 35 * 60_000;
setTimeout(() => {
  console.error(`\nThe tests have not ended after ${longestMs / 60_000} minutes: something hangs.\n# fail 1`);
  process.exit(1);
}, longestMs).unref();

const skipped: string[] = [];
const tests = run({
  files,
  // Test files start servers and programs of their own: more files than cores at once only makes their waits time out.
  concurrency: availableParallelism(),
  timeout: 180_000,
});

tests.on("test:pass", ({ name, file, skip }) => {
  if (skip !== undefined) skipped.push(`${file}: ${name} (${skip === true ? "no reason given" : skip})`);
});
tests.on("test:fail", () => {
  process.exitCode = 1;
});
tests.on("test:summary", ({ file, counts, duration_ms, success }) => {
  if (file !== undefined) return; // of one file; the one without is of all
  if (!success) process.exitCode = 1;
  // The reporter still has the failures to tell: the numbers come when all is written.
  process.once("exit", () => {
    if (skipped.length > 0) console.log(`\nSkipped:\n  ${skipped.join("\n  ")}`);
    if (skipped.length > 0 && process.env.CI === "true") {
      console.log("\nUnder CI=true a skipped test is a failure.");
      process.exitCode = 1;
    }
    const { tests, suites, passed, cancelled, skipped: skips, todo } = counts;
    const failed = tests - passed - cancelled - skips - todo;
    const summary = { tests, suites, pass: passed, fail: failed, cancelled, skipped: skips, todo, duration_ms };
    for (const [name, value] of Object.entries(summary)) console.log(`# ${name} ${value}`);
  });
});
tests.compose(spec).pipe(process.stdout);
