import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { YardError } from "../../platform/errors.ts";
import { skipUnless } from "../../platform/testing/parts.ts";
import { temporaryDirectory } from "../../platform/testing/temporary-directory.ts";
import { tryRootFileSystem } from "./trial.ts";
import { openUserNamespaces } from "./user-namespaces.ts";

const needs = { skip: skipUnless(process.geteuid?.() === 0, "the right to mount", "run the tests as root") };

test("where a root file system can be mounted, a try says so and leaves nothing", needs, async () => {
  using directory = temporaryDirectory();
  using users = await openUserNamespaces();
  assert.deepEqual(await tryRootFileSystem(directory.path, async () => users), { usable: true });
  assert.deepEqual(readdirSync(directory.path), []);
  assert.ok(!readFileSync("/proc/self/mountinfo", "utf8").includes(directory.path));
});

test("a file system that cannot show files as others' is named, with what to do", needs, async () => {
  using users = await openUserNamespaces();
  using directory = temporaryDirectory();
  execFileSync("mount", ["-t", "ramfs", "runyard-test", directory.path]);
  using _mounted = { [Symbol.dispose]: () => void execFileSync("umount", [directory.path]) };
  const tried = await tryRootFileSystem(directory.path, async () => users);
  assert.deepEqual(readdirSync(directory.path), []);
  assert.ok(!tried.usable);
  assert.ok(tried.reason.includes(directory.path), tried.reason);
  assert.match(tried.fix ?? "", /ext4, xfs or btrfs/);
});

test("a kernel without user namespaces is the reason", async () => {
  using directory = temporaryDirectory();
  const tried = await tryRootFileSystem(directory.path, async () => {
    throw new YardError("precondition", "No user namespaces can be made here.");
  });
  assert.ok(!tried.usable);
  assert.match(tried.reason, /No user namespaces/);
});
