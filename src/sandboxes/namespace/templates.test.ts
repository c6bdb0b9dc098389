/** Templates beyond the interface that all drivers share: what is on disk for them, and what an archive may do. */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import {
  existsSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { skipUnless } from "../../platform/testing/parts.ts";
import { temporaryDirectory } from "../../platform/testing/temporary-directory.ts";
import { until } from "../../platform/testing/until.ts";
import { writeTar } from "../../platform/trees/tar.ts";
import { findPrograms } from "./availability.ts";
import { type Ground, openLayerStore } from "./layer-store.ts";
import { openTemplates, templateGrounds } from "./templates.ts";

const { availability } = await findPrograms();
const needs = { skip: skipUnless(availability.usable, "what namespace sandboxes need", JSON.stringify(availability)) };

function open(directory: string, used: readonly Ground[] = []) {
  const path = join(directory, "templates");
  const store = openLayerStore(directory, () => [...templateGrounds(path), ...used]);
  return {
    store,
    templates: openTemplates({ directory: path, store, beforeCollecting: async () => {} }),
    trees: join(directory, "trees"),
  };
}

/** Made by tar(1), as an engine's export is. */
function archiveOf(directory: string, ...options: string[]): AsyncIterable<Buffer> {
  return spawn("tar", ["--create", "--absolute-names", "--directory", directory, ...options]).stdout;
}

test("a template is on disk whole or not at all, and goes when nothing lies on it", needs, async () => {
  using directory = temporaryDirectory();
  const used: Ground[] = [];
  const { templates, trees, store } = open(directory.path, used);
  async function* breaking() {
    yield Buffer.alloc(512);
    throw new Error("broken on purpose");
  }
  await assert.rejects(templates.import("mine", breaking()), /broken on purpose/);
  assert.deepEqual(readdirSync(trees), []);
  await templates.import("mine", writeTar((async function* () {})()));
  assert.equal(readdirSync(trees).length, 1);
  const ground = templates.groundOf("mine");
  used.push(ground);
  await templates.remove("mine");
  assert.equal(readdirSync(trees).length, 1);
  used.pop();
  await store.collect();
  assert.deepEqual(readdirSync(trees), []);
  await assert.rejects(store.layersOf(ground), { code: "not_found" });
});

test("an archive that breaks off leaves no process, however soon it does", needs, async () => {
  using directory = temporaryDirectory();
  const { templates } = open(directory.path);
  async function* breaking(afterMs: number) {
    yield Buffer.alloc(512);
    for (const end = performance.now() + afterMs; performance.now() < end; ); // timers are too coarse
    throw new Error("broken on purpose");
  }
  for (let ms = 0; ms < 2.5; ms += 0.025) await assert.rejects(templates.import("mine", breaking(ms)), /on purpose/);
  await until(() => !execFileSync("ps", ["-eo", "args"], { encoding: "utf8" }).includes(directory.path));
});

test("what an agent that was killed has left half-made goes with the next start", needs, async () => {
  using directory = temporaryDirectory();
  const { templates } = open(directory.path);
  await templates.import("mine", writeTar((async function* () {})()));
  for (const name of ["trees/tree_half", "trees/minimal_before", "layers/layer_half/own"]) {
    mkdirSync(join(directory.path, name), { recursive: true });
  }
  const { store, trees } = open(directory.path);
  await store.collect();
  assert.deepEqual(readdirSync(join(directory.path, "layers")), []);
  assert.deepEqual(readdirSync(trees), [open(directory.path).templates.groundOf("mine").tree]);
});

test("an archive keeps its owners, links and modes, and brings no devices", needs, async () => {
  using directory = temporaryDirectory();
  const source = join(directory.path, "source");
  for (const name of ["dev", "bin"]) mkdirSync(join(source, name), { recursive: true });
  writeFileSync(join(source, "bin/one"), "x", { mode: 0o4755 });
  lchownSync(join(source, "bin/one"), 1_000, 50);
  execFileSync("chmod", ["4755", join(source, "bin/one")]);
  linkSync(join(source, "bin/one"), join(source, "bin/two"));
  execFileSync("mknod", [join(source, "dev/null"), "c", "1", "3"]);
  const { templates, trees } = open(directory.path);
  await templates.import("mine", archiveOf(source, "."));
  const tree = join(trees, templates.groundOf("mine").tree);
  const { uid, gid, mode, ino } = statSync(join(tree, "bin/one"));
  assert.deepEqual([uid, gid, mode & 0o7777], [1_000, 50, 0o4755]);
  assert.equal(statSync(join(tree, "bin/two")).ino, ino);
  assert.deepEqual(readdirSync(join(tree, "dev")), []);
  assert.ok(["proc", "sys", "tmp"].every((name) => existsSync(join(tree, name))));
});

test("an archive writes nowhere but in its own tree", needs, async () => {
  using directory = temporaryDirectory();
  using outside = temporaryDirectory();
  const [first, second] = [join(directory.path, "first"), join(directory.path, "second")];
  mkdirSync(first);
  symlinkSync(outside.path, join(first, "way"));
  mkdirSync(join(second, "way"), { recursive: true });
  writeFileSync(join(second, "way/evil"), "x");
  writeFileSync(join(directory.path, "evil"), "x");
  const { templates, trees } = open(directory.path);
  const ways = [
    archiveOf(first, "way", "--directory", second, "way/evil"), // through a link
    archiveOf(second, "../evil"),
    archiveOf(second, "--transform", `s,way/evil,${outside.path}/evil,`, "way/evil"),
  ];
  for (const [index, way] of ways.entries()) await templates.import(`t${index}`, way).catch(() => {});
  assert.deepEqual(readdirSync(outside.path), []);
  assert.ok(!existsSync(join(trees, "evil")));
});

test("the template minimal has nothing of the host's own", needs, async () => {
  using directory = temporaryDirectory();
  const { templates, store } = open(directory.path);
  const [root] = await store.layersOf(templates.groundOf("minimal"));
  assert.ok(root);
  assert.deepEqual(readdirSync(join(root.from, "root")), []);
  assert.deepEqual(readdirSync(join(root.from, "home")), []);
  const etc = readdirSync(join(root.from, "etc"));
  for (const name of ["shadow", "ssh", "sudoers", "machine-id"]) assert.ok(!etc.includes(name), name);
  writeFileSync(join(root.from, "etc/probe"), ""); // it is a copy: the host's own directory is another
  assert.ok(lstatSync(join(root.from, "etc/probe")).isFile() && !readdirSync("/etc").includes("probe"));
});
