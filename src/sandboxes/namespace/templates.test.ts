/** Templates that are imported, and what sandboxes make of them. */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { test } from "node:test";
import { skipUnless } from "../../platform/testing/parts.ts";
import { temporaryDirectory } from "../../platform/testing/temporary-directory.ts";
import { writeTar } from "../../platform/trees/tar.ts";
import type { TreeEntry } from "../../platform/trees/tree-entry.ts";
import { findPrograms } from "./availability.ts";
import { openTemplates } from "./templates.ts";

const { availability } = await findPrograms();
const needs = { skip: skipUnless(availability.usable, "what namespace sandboxes need", JSON.stringify(availability)) };
const limits = { maxBytes: 1024 * 1024, maxEntries: 100 };

async function* entries(...list: TreeEntry[]): AsyncGenerator<TreeEntry> {
  yield* list;
}
const directoryAt = (path: string): TreeEntry => ({ type: "directory", path, mode: 0o755 });

test("a template is imported whole or not at all, listed and removed", needs, async () => {
  using directory = temporaryDirectory();
  const templates = openTemplates(directory.path, () => false);
  await templates.importTar("mine", writeTar(entries(directoryAt("etc"))), limits);
  assert.deepEqual(templates.names(), ["minimal", "mine"]);
  assert.deepEqual(readdirSync(join(directory.path, "mine")).sort(), ["dev", "etc", "proc", "tmp"]);
  const again = templates.importTar("mine", writeTar(entries()), limits);
  await assert.rejects(again, { code: "conflict" });
  await assert.rejects(templates.importTar("cut", Readable.from([Buffer.alloc(100)]), limits), { code: "invalid" });
  await assert.rejects(templates.importTar("../out", writeTar(entries()), limits), { code: "invalid" });
  assert.deepEqual(readdirSync(directory.path), ["mine"]);
  await templates.remove("mine");
  assert.throws(() => templates.layersOf("mine"), { code: "not_found" });
  await assert.rejects(templates.remove("minimal"), { code: "precondition" });
});

test("what a sandbox lies on is neither removed nor cleared away", needs, async () => {
  using directory = temporaryDirectory();
  const used = new Set([join(directory.path, "mine"), join(directory.path, ".minimal-of-before")]);
  for (const name of [".minimal-of-before", ".import-that-broke"]) mkdirSync(join(directory.path, name));
  const templates = openTemplates(directory.path, (tree) => used.has(tree));
  assert.deepEqual(readdirSync(directory.path), [".minimal-of-before"]);
  await templates.importTar("mine", writeTar(entries()), limits);
  await assert.rejects(templates.remove("mine"), { code: "conflict" });
});

test("the template minimal has nothing of the host's own", needs, () => {
  using directory = temporaryDirectory();
  const [root] = openTemplates(directory.path, () => false).layersOf("minimal");
  assert.ok(root);
  assert.deepEqual(readdirSync(join(root.from, "root")), []);
  assert.deepEqual(readdirSync(join(root.from, "home")), []);
  const etc = readdirSync(join(root.from, "etc"));
  for (const name of ["shadow", "ssh", "sudoers", "machine-id"]) assert.ok(!etc.includes(name), name);
  writeFileSync(join(root.from, "etc/probe"), ""); // it is a copy: the host's own directory is another
  assert.ok(!readdirSync("/etc").includes("probe"));
});
