import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readdirSync, rmdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryDirectory } from "../platform/testing/temporary-directory.ts";
import { createDirectoryStock, type TaskDirectories } from "./directories.ts";

test("directories that a task has left as they were go to a later one, by another path", async () => {
  using parent = temporaryDirectory();
  const stock = createDirectoryStock(parent.path);
  const first = await stock.take();
  await stock.giveBack(first);
  assert.equal(existsSync(first.root), false);
  const [kept] = readdirSync(parent.path);
  const second = await stock.take();
  assert.equal(second.root, join(parent.path, kept!));
  assertFresh(second);
  assert.notEqual((await stock.take()).root, second.root);
});

for (const [what, act] of Object.entries<(directories: TaskDirectories) => void>({
  "a file in one": ({ result }) => writeFileSync(join(result, "file"), "left"),
  "a file beside them": ({ newTask }) => writeFileSync(newTask, ""),
  "what it printed": ({ output }) => mkdirSync(output),
  "other permissions": ({ exec }) => chmodSync(exec, 0o777),
  "a way for others to the root": ({ root }) => chmodSync(root, 0o755),
  "a link in place of one": ({ resource, result }) => {
    rmdirSync(resource);
    symlinkSync(result, resource);
  },
}))
  test(`a task that has left ${what} leaves it to nobody`, async () => {
    using parent = temporaryDirectory();
    const stock = createDirectoryStock(parent.path);
    const first = await stock.take();
    act(first);
    await stock.giveBack(first);
    assert.deepEqual(readdirSync(parent.path), []);
    assertFresh(await stock.take());
  });

test("a task that has removed its directories is given back all the same", async () => {
  using parent = temporaryDirectory();
  const stock = createDirectoryStock(parent.path);
  const first = await stock.take();
  rmSync(first.root, { recursive: true });
  await stock.giveBack(first);
  assertFresh(await stock.take());
});

function assertFresh({ root, result, exec, resource }: TaskDirectories): void {
  assert.deepEqual(readdirSync(root).toSorted(), ["exec", "resource", "result"]);
  for (const path of [result, exec, resource]) assert.deepEqual(readdirSync(path), []);
}
