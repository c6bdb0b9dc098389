import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { temporaryDirectory } from "../../platform/testing/temporary-directory.ts";
import { changeFiles, finishChanges } from "./file-changes.ts";
import { prepareRoot } from "./stack-root.ts";

const writer = `
import { changeFiles } from ${JSON.stringify(import.meta.resolve("./file-changes.ts"))};
const directory = process.argv[1];
console.log("begun");
for (let i = 0; ; i++) {
  const there = i % 2 === 0;
  await changeFiles(directory, [
    { file: "compose.yaml", content: there ? "with" : "without", mode: 0o644 },
    { file: ".env.age", content: there ? "sealed" : undefined, mode: 0o600 },
  ]);
}`;

test("files that change together are all new or all old after a kill -9, and nothing else is left", async () => {
  using temporary = temporaryDirectory();
  const directory = join(temporary.path, "web");
  mkdirSync(directory);
  writeFileSync(join(directory, "compose.yaml"), "without");
  let unfinished = 0;
  for (let i = 0; i < 12; i++) {
    const child = spawn(process.execPath, ["--input-type=module", "-e", writer, directory], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(child.stdout, "data");
    await sleep(20 + Math.random() * 10);
    child.kill("SIGKILL");
    await once(child, "exit");
    unfinished += readdirSync(temporary.path).length - 1;
    await prepareRoot(temporary.path);
    const isThere = existsSync(join(directory, ".env.age"));
    assert.equal(readFileSync(join(directory, "compose.yaml"), "utf8"), isThere ? "with" : "without");
    assert.deepEqual(readdirSync(temporary.path), ["web"]);
    assert.deepEqual(readdirSync(directory).sort(), isThere ? [".env.age", "compose.yaml"] : ["compose.yaml"]);
  }
  assert.ok(unfinished > 0, "no write was cut off: the test has tried nothing");
});

test("what was decided for a stack that is gone is decided no more", async () => {
  using temporary = temporaryDirectory();
  mkdirSync(join(temporary.path, ".runyard-decided-web", "new"), { recursive: true });
  writeFileSync(join(temporary.path, ".runyard-decided-web", "new", "compose.yaml"), "x");
  await finishChanges(temporary.path);
  assert.deepEqual(readdirSync(temporary.path), []);
});

for (const left of ["new", "gone", "neither"])
  test(`a change whose clearing away was cut off is over, and hinders no later one: ${left} is left`, async () => {
    using temporary = temporaryDirectory();
    const directory = join(temporary.path, "web");
    mkdirSync(directory);
    mkdirSync(join(temporary.path, ".runyard-decided-web", left), { recursive: true });
    if (left === "gone") writeFileSync(join(temporary.path, ".runyard-decided-web", "gone", ".env.age"), "");
    if (left === "neither") rmdirSync(join(temporary.path, ".runyard-decided-web", left));
    await finishChanges(temporary.path);
    assert.deepEqual(readdirSync(temporary.path), ["web"]);
    await changeFiles(directory, [
      { file: "compose.yaml", content: "new", mode: 0o644 },
      { file: ".env.age", content: undefined, mode: 0o600 },
    ]);
    assert.deepEqual(readdirSync(directory), ["compose.yaml"]);
  });

test("a change that cannot be made ready changes nothing", async () => {
  using temporary = temporaryDirectory();
  const directory = join(temporary.path, "web");
  mkdirSync(directory);
  writeFileSync(join(directory, "compose.yaml"), "old");
  const changes = [
    { file: "compose.yaml", content: "new", mode: 0o644 },
    { file: `${"x".repeat(300)}`, content: "too long a name for any file", mode: 0o644 },
  ];
  await assert.rejects(changeFiles(directory, changes));
  assert.equal(readFileSync(join(directory, "compose.yaml"), "utf8"), "old");
  assert.deepEqual(readdirSync(temporary.path), ["web"]);
});
