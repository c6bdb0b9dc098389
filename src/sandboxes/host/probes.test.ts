/** Commands that ask how something is, in a sandbox of the driver `host`. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { isDead, listPids, readEnvironment, readStat } from "../../platform/process/procfs.ts";
import { skipUnless } from "../../platform/testing/parts.ts";
import { temporaryDirectory } from "../../platform/testing/temporary-directory.ts";
import { until } from "../../platform/testing/until.ts";
import { openHostDriver } from "./driver.ts";

const noSignal = () => new AbortController().signal;
const patient = { timeoutMs: 10_000, signal: noSignal() };

/** Living processes of that agent. */
function marked(directory: string): number[] {
  const owner = readFileSync(join(directory, "owner"), "utf8");
  return listPids().filter((pid) => {
    const stat = readStat(pid);
    return stat && !isDead(stat) && readEnvironment(pid).some((entry) => entry.startsWith(`RUNYARD_SANDBOX=${owner}/`));
  });
}

test("a probe tells how it ended, and leaves no process, output or entry in the journal", async () => {
  using directory = temporaryDirectory();
  await using driver = await openHostDriver({ directory: directory.path });
  const sandbox = await driver.create({ id: "one" });
  const before = readFileSync(join(directory.path, "journal.ndjson"), "utf8");
  const argv = ["sh", "-c", "echo much; test $WELL = yes && test $PWD = /tmp"];
  const spec = { argv, cwd: "/tmp", env: { WELL: "yes" } };
  assert.equal((await sandbox.probe(spec, patient)).code, 0);
  assert.equal((await sandbox.probe({ ...spec, env: { WELL: "no" } }, patient)).code, 1);
  assert.equal(readFileSync(join(directory.path, "journal.ndjson"), "utf8"), before);
  assert.deepEqual(readdirSync(join(directory.path, "output")), []);
  assert.deepEqual(await sandbox.processes(), []);
});

test("one that takes too long, or that nobody waits for any more, is killed with all it has started", async () => {
  using directory = temporaryDirectory();
  await using driver = await openHostDriver({ directory: directory.path });
  const sandbox = await driver.create({ id: "one" });
  const argv = ["sh", "-c", "sleep 300 & sleep 300"];
  const late = await sandbox.probe({ argv }, { timeoutMs: 50, signal: noSignal() });
  assert.deepEqual([late.code, late.signal], [null, "SIGKILL"]);
  const left = new AbortController();
  const probe = sandbox.probe({ argv }, { timeoutMs: 60_000, signal: left.signal });
  await until(() => marked(directory.path).length >= 2);
  left.abort();
  assert.equal((await probe).signal, "SIGKILL");
  await until(() => marked(directory.path).length === 0);
});

test("what it leaves behind in its group goes with it", async () => {
  using directory = temporaryDirectory();
  await using driver = await openHostDriver({ directory: directory.path });
  const sandbox = await driver.create({ id: "one" });
  assert.equal((await sandbox.probe({ argv: ["sh", "-c", "sleep 300 & exit 0"] }, patient)).code, 0);
  await until(() => marked(directory.path).length === 0);
});

test("what cannot be started says why", async () => {
  using directory = temporaryDirectory();
  await using driver = await openHostDriver({ directory: directory.path });
  const sandbox = await driver.create({ id: "one" });
  await assert.rejects(sandbox.probe({ argv: ["/no/such/program"] }, patient), { code: "invalid", field: "argv" });
  await assert.rejects(sandbox.probe({ argv: [] }, patient), { code: "invalid", field: "argv" });
  await sandbox.destroy();
  await assert.rejects(sandbox.probe({ argv: ["true"] }, patient), { code: "not_found" });
});

test("closing the driver ends those under way", async () => {
  using directory = temporaryDirectory();
  const driver = await openHostDriver({ directory: directory.path });
  const sandbox = await driver.create({ id: "one" });
  const probe = sandbox.probe({ argv: ["sleep", "300"] }, { timeoutMs: 60_000, signal: noSignal() });
  await until(() => marked(directory.path).length > 0);
  await driver[Symbol.asyncDispose]();
  assert.equal((await probe).signal, "SIGKILL");
});

test("it runs as the given user", {
  skip: skipUnless(process.getuid?.() === 0, "the right to switch users", "run the tests as root"),
}, async () => {
  using directory = temporaryDirectory();
  await using driver = await openHostDriver({ directory: directory.path });
  const sandbox = await driver.create({ id: "one" });
  const argv = ["sh", "-c", "test $(id -un) = nobody"];
  assert.equal((await sandbox.probe({ argv, user: "nobody", cwd: "/" }, patient)).code, 0);
});
