import assert from "node:assert/strict";
import { userInfo } from "node:os";
import { test } from "node:test";
import type { ProcessStat } from "../../platform/process/procfs.ts";
import { temporaryDirectory } from "../../platform/testing/temporary-directory.ts";
import { until } from "../../platform/testing/until.ts";
import { openHostDriver } from "../host/driver.ts";
import type { ProcessTree } from "../sandbox.ts";
import { processTree } from "./process-tree.ts";

test("usage names the user, and draws the tree of processes where it is asked for", async () => {
  using directory = temporaryDirectory();
  await using driver = await openHostDriver({ directory: directory.path });
  const sandbox = await driver.create({ id: "one" });
  const main = await sandbox.exec({ id: "main", argv: ["sh", "-c", "sh -c 'sleep 300; true' & sleep 300; true"] });
  // A shell that has forked goes by its own name until it is the program that it was asked for.
  const tree = await until(async () => {
    const { tree } = await main.usage({ tree: true });
    return namesOf(tree) === "sh(sh(sleep)sleep)" ? tree : undefined;
  });
  assert.equal(tree.pid, main.pid);
  const usage = await main.usage();
  assert.deepEqual([usage.user, usage.tree], [userInfo().username, undefined]);
  await sandbox.destroy();
});

test("who has lost the parent in between is drawn below the main process, and a crowd is cut off", () => {
  const stat = (pid: number, parent: number): ProcessStat => ({
    pid,
    parent,
    name: `p${pid}`,
    group: 1,
    session: 1,
    state: "S",
    cpuTicks: 0,
    startTicks: pid,
    rssBytes: 0,
  });
  assert.equal(namesOf(processTree(10, [stat(10, 2), stat(12, 11), stat(13, 12)])), "p10(p12(p13))");
  assert.equal(processTree(10, []), undefined);
  const crowd = Array.from({ length: 2_000 }, (_, i) => stat(10 + i, i === 0 ? 2 : 10));
  assert.equal(processTree(10, crowd)?.children.length, 511);
});

function namesOf(tree: ProcessTree | undefined): string {
  if (!tree) return "";
  const children = tree.children.map(namesOf).sort().join("");
  return children ? `${tree.name}(${children})` : tree.name;
}
