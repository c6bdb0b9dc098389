/** `npm test`: every test of the project, or those that are named. Ends with Node's summary; under CI=true a skipped test is a failure,
 *  since there a missing part is a fault of the machine that nobody would read about. */
import { globSync } from "node:fs";
import { availableParallelism } from "node:os";
import { isAbsolute, join, relative, resolve } from "node:path";
import { finished } from "node:stream/promises";
import { run } from "node:test";
import { spec } from "node:test/reporters";

/** They boot virtual machines, mostly in an emulator: minutes of two processors. `npm run test:machines` runs them. */
const machineTests = [
  "src/sandboxes/microvm/{abuse,balloon,crash,driver,full-disk,moving,network,packing,restart,templates,writer}.test.ts",
  "test/{microvm-move,microvm-tunnel,wrenn-microvm}.test.ts",
];
const usualTests = [
  "src/**/*.test.ts",
  "scripts/**/*.test.ts",
  "console/**/*.test.ts",
  "bench/{harness,figures}/**/*.test.ts",
  "test/**/*.test.ts",
];

const asked = process.argv.slice(2);
const files = asked.includes("--machines")
  ? globSync(machineTests)
  : globSync(asked.length > 0 ? asked : usualTests, { exclude: asked.length > 0 ? [] : machineTests });
if (files.length === 0) {
  console.error(`no test file matches ${asked.join(" ")}`);
  process.exit(2);
}

// Stripping the types of a yard's thousand modules takes each of some hundred test files a third of a second.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, "..", "node_modules", ".cache", "compiled");

/** All of it takes minutes. A test that hangs with what it has started would hold a CI machine for hours. */
const longestMs = 50 * 60_000;
setTimeout(() => {
  console.error(`\nThe tests have not ended after ${longestMs / 60_000} minutes: something hangs.\n# fail 1`);
  process.exit(1);
}, longestMs).unref();

/** A file that fails beside others may do so because two processors were busy elsewhere, or because of a race that only such a load
 *  shows. It is run again, alone, and named at the end when it passes then: somebody has to look at it, nobody has to wait for it.
 *  More of them than this are no accident. */
const mostRunAgain = 3;
const mostShown = 15;

/** What each file came to, by its absolute path. */
const results = new Map<string, Result>();
// Files wait for processes, disks and deadlines more than they compute (one of a minute takes some 25 s of a processor), so one more than there are
// processors run at once. Still more, and servers and programs that they start are so slow that what waits for them gives up.
const failed = await runFiles(files, availableParallelism() + 1);
const again = failed.length <= mostRunAgain && files.length > 1 ? failed : [];
const beside = again.flatMap((file) =>
  (results.get(file)?.failures ?? []).map((name) => `${shown(file)}: ${shown(name)}`),
);
if (again.length > 0) {
  console.log(`\nFailed beside others, run again alone:\n  ${again.map(shown).join("\n  ")}\n`);
  await runFiles(again, 1);
}
report();

interface Result {
  readonly counts: Record<"tests" | "suites" | "passed" | "cancelled" | "skipped" | "todo", number>;
  readonly failures: readonly string[];
  readonly skips: readonly string[];
  readonly durationMs: number;
}

/** @returns the files of which something failed */
async function runFiles(files: readonly string[], concurrency: number): Promise<string[]> {
  const failures = new Map<string, string[]>(files.map((file) => [resolve(file), []]));
  const skips = new Map<string, string[]>();
  for (const file of failures.keys()) results.delete(file);
  const tests = run({ files, concurrency, timeout: 300_000 /* of a file */ });
  tests.on("test:pass", ({ name, file = "", skip }) => {
    if (skip === undefined) return;
    skips.set(file, [...(skips.get(file) ?? []), `${name} (${skip === true ? "no reason given" : skip})`]);
  });
  tests.on("test:fail", ({ name, file = "" }) => {
    failures.set(file, [...(failures.get(file) ?? []), name]);
  });
  tests.on("test:summary", ({ file, counts, duration_ms }) => {
    if (file === undefined) return; // of all files
    results.set(file, { counts, failures: [], skips: skips.get(file) ?? [], durationMs: duration_ms });
  });
  const output = tests.compose(spec);
  output.pipe(process.stdout, { end: false });
  await finished(output);
  for (const [file, names] of failures) {
    if (names.length === 0) continue;
    // A file that ends in mid-run tells of itself as of one test that failed, and not always what its tests came to.
    const itself = names.includes(file) ? 1 : 0;
    const known = results.get(file);
    const counts = known?.counts ?? { tests: 0, suites: 0, passed: 0, cancelled: 0, skipped: 0, todo: 0 };
    results.set(file, {
      ...{ skips: [], durationMs: 0, ...known, failures: names },
      counts: { ...counts, tests: counts.tests + itself },
    });
  }
  return [...failures].filter(([, names]) => names.length > 0).map(([file]) => file);
}

function report(): void {
  const all = [...results];
  const list = (title: string, lines: readonly string[]) => {
    if (lines.length > 0) console.log(`\n${title}:\n  ${lines.join("\n  ")}`);
  };
  const skipped = all.flatMap(([file, { skips }]) => skips.map((skip) => `${shown(file)}: ${skip}`));
  list("Skipped", skipped);
  if (skipped.length > 0 && process.env.CI === "true") {
    console.log("\nUnder CI=true a skipped test is a failure.");
    process.exitCode = 1;
  }
  if (all.length > mostShown) {
    const slowest = all.sort(([, one], [, other]) => other.durationMs - one.durationMs).slice(0, mostShown);
    const line = ([file, { durationMs }]: [string, Result]) =>
      `${(durationMs / 1_000).toFixed(1).padStart(6)} s  ${shown(file)}`;
    list("The slowest files", slowest.map(line));
  }
  if (all.some(([, { failures }]) => failures.length > 0)) process.exitCode = 1;
  else list("Passed alone, but had failed beside others; each is a fault to find", beside);
  const sum = (count: keyof Result["counts"]) => all.reduce((total, [, { counts }]) => total + counts[count], 0);
  const [tests, pass, cancelled, skips, todo] = [
    sum("tests"),
    sum("passed"),
    sum("cancelled"),
    sum("skipped"),
    sum("todo"),
  ];
  const fail = tests - pass - cancelled - skips - todo;
  const summary = {
    tests,
    suites: sum("suites"),
    pass,
    fail,
    cancelled,
    skipped: skips,
    todo,
    duration_ms: performance.now(),
  };
  for (const [name, value] of Object.entries(summary)) console.log(`# ${name} ${value}`);
}

/** @param name a file's path, or the name of a test */
function shown(name: string): string {
  return isAbsolute(name) ? relative(".", name) : name;
}
