/** What is kept ready is taken once, and leaves nothing when it is not. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { skipUnless } from "../../platform/testing/parts.ts";
import { temporaryDirectory } from "../../platform/testing/temporary-directory.ts";
import { until } from "../../platform/testing/until.ts";
import type { LocalSandbox } from "../sandbox.ts";
import { findPrograms } from "./availability.ts";
import { openNamespaceDriver } from "./driver.ts";

const { availability } = await findPrograms();
const needs = { skip: skipUnless(availability.usable, "what namespace sandboxes need", JSON.stringify(availability)) };
const mebibyte = 1024 * 1024;

const namesIn = (directory: string) => readdirSync(join(directory, "sandboxes"));
const mountsOf = (directory: string) =>
  readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .filter((line) => line.includes(directory)).length;

async function shell(sandbox: LocalSandbox, script: string): Promise<string> {
  const process = await sandbox.exec({ id: `p${Math.random()}`, argv: ["sh", "-c", script] });
  await process.exited;
  return (await process.output.read({ position: 0, maxBytes: 1024 })).bytes.toString();
}

test("a sandbox that was ready is as good as a new one: its own name, limits and files", needs, async () => {
  using directory = temporaryDirectory();
  await using driver = await openNamespaceDriver({ directory: directory.path, warm: 2 });
  const first = await driver.create({ id: "first", limits: { memoryBytes: 512 * mebibyte } });
  await until(() => namesIn(directory.path).length === 3, { what: "two more are ready" });
  const ready = new Set(namesIn(directory.path));
  const second = await driver.create({ id: "second", limits: { memoryBytes: 400 * mebibyte, processes: 9 } });
  assert.equal(await shell(second, "hostname"), "second\n");
  assert.equal(await shell(first, "hostname; echo mine >/root/mine"), "first\n");
  assert.equal(await shell(second, "ls /root; set -- /proc/[0-9]*; echo $#"), "3\n"); // the two that are always there, and sh
  assert.match(await shell(second, "for i in 1 2 3 4 5 6 7 8 9; do sleep 5 & done; wait"), /fork/i);
  await until(() => namesIn(directory.path).length === 4, { what: "the one that was taken is made anew" });
  assert.equal(namesIn(directory.path).filter((name) => ready.has(name)).length, 3);
  for (const sandbox of [first, second]) await sandbox.destroy();
});

test("another kind takes the place of what was ready once it is asked for twice in a row", needs, async () => {
  using directory = temporaryDirectory();
  await using driver = await openNamespaceDriver({ directory: directory.path, warm: 1 });
  await (await driver.create({ id: "a" })).destroy();
  await until(() => namesIn(directory.path).length === 1);
  const [before] = namesIn(directory.path);
  const small = { memoryBytes: 64 * mebibyte }; // so its shared memory is smaller
  await (await driver.create({ id: "b", limits: small })).destroy();
  await until(() => namesIn(directory.path).join() === before, { what: "once is no habit" });
  await (await driver.create({ id: "c", limits: small })).destroy();
  await until(() => namesIn(directory.path).length === 1 && namesIn(directory.path)[0] !== before);
});

test("closing the driver removes what nobody has taken", needs, async () => {
  using directory = temporaryDirectory();
  const driver = await openNamespaceDriver({ directory: directory.path, warm: 2 });
  const kept = await driver.create({ id: "kept" });
  await until(() => namesIn(directory.path).length === 3);
  await driver[Symbol.asyncDispose]();
  assert.equal(namesIn(directory.path).length, 1);
  await using later = await openNamespaceDriver({ directory: directory.path, warm: 2 });
  const again = await later.reattach(kept.handle);
  assert.equal(await shell(again, "hostname"), "kept\n");
  await again.destroy();
  await until(() => namesIn(directory.path).length === 0 && mountsOf(directory.path) === 0);
  assert.ok(!existsSync(join(directory.path, "lower")));
});

test("what is made of a template is kept ready too, and goes with the template", needs, async () => {
  using directory = temporaryDirectory();
  await using driver = await openNamespaceDriver({ directory: directory.path, warm: 1 });
  const source = await driver.create({ id: "source", limits: { diskBytes: 64 * mebibyte } });
  await shell(source, "echo theirs >/root/theirs");
  await source.capture?.("snapshot");
  await source.destroy();
  const make = (id: string) => driver.create({ id, template: "snapshot", limits: { diskBytes: 64 * mebibyte } });
  for (const id of ["a", "b"]) await (await make(id)).destroy();
  let ready: string[] = [];
  await until(() => {
    ready = namesIn(directory.path);
    return ready.length === 1 && mountsOf(ready[0] ?? "") > 0;
  });
  const fork = await make("c");
  assert.ok(namesIn(directory.path).includes(ready[0] ?? ""), "it was taken, and lives");
  assert.equal(await shell(fork, "cat /root/theirs"), "theirs\n");
  await fork.destroy();
  await driver.templates?.remove("snapshot");
  await until(() => readdirSync(join(directory.path, "layers")).length === 0);
  await until(() => namesIn(directory.path).length === 0);
});
