/** `fs` of scripts, through the real engine, beside a model that is a map from paths to texts. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import { createLog } from "../../platform/log.ts";
import { contentsOf, openTestSnapshots, type TestSnapshots } from "../../snapshots/testing.ts";
import type { Capabilities } from "../engine/engine-calls.ts";
import { openTestPool, type TestPool, testLimits } from "../engine/testing.ts";
import { createCapabilities } from "./capabilities.ts";
import { openMount } from "./mount.ts";
import { grantsNothing } from "./policy.ts";

let engine: TestPool;
let store: TestSnapshots;
before(async () => {
  engine = openTestPool();
  store = await openTestSnapshots();
});
after(async () => {
  await engine[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
});

const teamId = "team";
const log = createLog({ level: "silent" });
const megabyte = 1024 ** 2;

interface RunOptions {
  readonly handle?: string;
  readonly maxBytes?: number;
  readonly memoryMb?: number;
  readonly team?: string;
}

/** With the id of what it leaves. */
async function run(source: string, { handle = "nothing yet", team = teamId, ...limits }: RunOptions = {}) {
  const { memoryMb = testLimits.memoryMb, maxBytes = 64 * megabyte } = limits;
  const maxReadBytes = memoryMb * megabyte;
  const files = await openMount(store.snapshots, { teamId: team, handle, limits: { maxBytes, maxReadBytes } });
  const capabilities = createCapabilities({ files, policy: () => grantsNothing, maxAnswerBytes: maxReadBytes, log });
  const ran = await engine.run(source, { capabilities, limits: { memoryMb } });
  return { ...ran, id: ran.status === "completed" ? await files.save() : undefined };
}

async function resultOf(source: string, options?: RunOptions): Promise<unknown> {
  const { value, failure } = await run(source, options);
  assert.equal(failure, undefined);
  return value;
}

/** What the script catches: code and message. */
async function errorOf(call: string, options?: RunOptions): Promise<unknown> {
  return await resultOf(
    `await (${call}).then(() => "no error", (e) => [e.constructor.name, e.code, e.message])`,
    options,
  );
}

type Step =
  | { readonly op: "writeFile" | "appendFile"; readonly path: string; readonly text: string }
  | { readonly op: "readFile" | "readdir" | "exists" | "unlink" | "rmdir"; readonly path: string }
  | { readonly op: "rm"; readonly path: string; readonly recursive: boolean }
  | { readonly op: "rename" | "copyFile"; readonly path: string; readonly to: string };

/** Files only: a directory is there when something is in it. */
class Model {
  readonly files = new Map<string, string>();

  run(step: Step): unknown {
    switch (step.op) {
      case "exists":
        return this.#hasFileAbove(step.path) ? false : this.files.has(step.path) || this.#isDirectory(step.path);
      case "readFile":
        return this.#fileAt(step.path, "EISDIR");
      case "readdir":
        return this.#list(step.path);
      case "writeFile":
        return this.#write(step.path, step.text);
      case "appendFile":
        return this.#write(step.path, `${this.files.get(step.path) ?? ""}${step.text}`);
      case "unlink":
        return this.#remove(step.path, false);
      case "rm":
        return this.#remove(step.path, step.recursive);
      case "rmdir":
        this.#require(step.path);
        if (this.files.has(step.path)) throw "ENOTDIR";
        return this.#remove(step.path, false);
      case "copyFile":
        return this.#write(step.to, this.#fileAt(step.path, "ENOENT"));
      case "rename":
        return this.#rename(step.path, step.to);
    }
  }

  #hasFileAbove(path: string): boolean {
    return [...this.files.keys()].some((file) => path.startsWith(`${file}/`));
  }

  #isDirectory(path: string): boolean {
    return path === "" || [...this.files.keys()].some((file) => file.startsWith(`${path}/`));
  }

  #require(path: string): void {
    if (this.#hasFileAbove(path)) throw "ENOTDIR";
    if (!this.files.has(path) && !this.#isDirectory(path)) throw "ENOENT";
  }

  #fileAt(path: string, ifDirectory: string): string {
    this.#require(path);
    if (this.#isDirectory(path)) throw ifDirectory;
    return this.files.get(path)!;
  }

  #list(path: string): string[] {
    if (!this.#isDirectory(path)) throw "ENOENT";
    const below = path === "" ? "" : `${path}/`;
    const inside = [...this.files.keys()].filter((file) => file.startsWith(below));
    return [...new Set(inside.map((file) => file.slice(below.length).split("/")[0]!))].sort();
  }

  #write(path: string, text: string): void {
    if (this.#hasFileAbove(path)) throw "ENOTDIR";
    if (this.#isDirectory(path)) throw "EISDIR";
    this.files.set(path, text);
  }

  #remove(path: string, recursive: boolean): void {
    this.#require(path);
    if (this.#isDirectory(path) && !recursive) throw "ENOTEMPTY";
    for (const file of this.files.keys()) if (file === path || file.startsWith(`${path}/`)) this.files.delete(file);
  }

  #rename(from: string, to: string): void {
    this.#require(from);
    if (this.#hasFileAbove(to)) throw "ENOTDIR";
    if (from === to) return;
    if (to.startsWith(`${from}/`)) throw "EINVAL";
    if (from.startsWith(`${to}/`)) throw "ENOTEMPTY";
    if (this.#isDirectory(from) && this.files.has(to)) throw "ENOTDIR";
    if (!this.#isDirectory(from) && this.#isDirectory(to)) throw "EISDIR";
    if (this.#isDirectory(to)) throw "ENOTEMPTY";
    for (const [file, text] of [...this.files]) {
      if (file !== from && !file.startsWith(`${from}/`)) continue;
      this.files.delete(file);
      this.files.set(to + file.slice(from.length), text);
    }
  }
}

const path = fc.constantFrom("a", "b", "a/b", "a/b/c", "d/e", "d/e/f", "d/g");
const text = fc.constantFrom("", "one", "zwei ü");
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ op: fc.constantFrom("writeFile", "appendFile"), path, text }) },
  fc.record({ op: fc.constantFrom("readFile", "readdir", "exists", "unlink", "rmdir"), path }),
  fc.record({ op: fc.constant("rm"), path, recursive: fc.boolean() }),
  { weight: 2, arbitrary: fc.record({ op: fc.constantFrom("rename", "copyFile"), path, to: path }) },
);

const playing = (steps: readonly Step[]) => `
  const outcomes = [];
  for (const step of ${JSON.stringify(steps)}) {
    const args = { writeFile: [step.text], appendFile: [step.text], readFile: ["utf8"], rm: [step], rename: [step.to], copyFile: [step.to] };
    try { outcomes.push((await fs[step.op]("/" + step.path, ...(args[step.op] ?? []))) ?? null); }
    catch (error) { outcomes.push({ code: error.code }); }
  }
  outcomes`;

function outcomeIn(model: Model, step: Step): unknown {
  try {
    return model.run(step) ?? null;
  } catch (code) {
    return { code };
  }
}

test("whatever is done in whatever order does what it does in the model, is read back, and is what the snapshot holds", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 30 }), async (steps) => {
      const model = new Model();
      const { value, failure, id = "" } = await run(playing(steps));
      assert.equal(failure, undefined);
      assert.deepEqual(
        value,
        steps.map((step) => outcomeIn(model, step)),
      );
      const kept = Object.entries(await contentsOf(store.snapshots, teamId, id)).filter(
        ([path]) => !path.endsWith("/"),
      );
      const expected = [...model.files].map(([path, text]) => [path, `644 ${Buffer.from(text).toString("latin1")}`]);
      assert.deepEqual(kept.sort(), expected.sort());
    }),
    { numRuns: 60 },
  );
});

describe("the id of what is left", () => {
  test("is the mounted one's where nothing has changed", async () => {
    const { id } = await run("await fs.writeFile('a/b', 'text')");
    assert.ok(id);
    assert.equal((await run("await fs.readFile('a/b', 'utf8')", { handle: id })).id, id);
    assert.equal((await run("await fs.writeFile('c', 'x'); await fs.rm('c')", { handle: id.toUpperCase() })).id, id);
  });

  test("is the same for the same files, however they came about", async () => {
    const one = await run("await fs.writeFile('x/a', '1'); await fs.writeFile('b', '2')");
    const other = await run(
      "await fs.writeFile('b', 'old'); await fs.writeFile('t', '1'); await fs.rename('t', 'x/a'); await fs.writeFile('b', new Uint8Array([50]))",
    );
    assert.equal(one.id, other.id);
    assert.notEqual(one.id, store.snapshots.emptyId);
    assert.equal((await run("await fs.mkdir('empty/deep', { recursive: true })")).id, store.snapshots.emptyId);
  });

  test("is that of a copy: runs on one snapshot do not see one another", async () => {
    const { id: base } = await run("await fs.writeFile('shared', 'base')");
    const rename = (to: string) => run(`await fs.rename('shared', '${to}'); await fs.readdir('/')`, { handle: base });
    const [one, two] = await Promise.all([rename("one"), rename("two")]);
    assert.deepEqual([one.value, two.value], [["one"], ["two"]]);
    assert.deepEqual(await resultOf("await fs.readdir('/')", { handle: base }), ["shared"]);
  });
});

describe("a mount", () => {
  test("by a label is where the label is; one that is not there is an empty tree", async () => {
    const { id = "" } = await run("await fs.writeFile('in', 'label')");
    await store.snapshots.labels.set(teamId, "main", { id });
    assert.equal(await resultOf("await fs.readFile('in', 'utf8')", { handle: "main" }), "label");
    assert.deepEqual(await resultOf("await fs.readdir('/')", { handle: "none" }), []);
  });

  test("is of the team's own snapshots only", async () => {
    const { id = "" } = await run("await fs.writeFile('mine', 'only')");
    await assert.rejects(run("1", { handle: id, team: "rival" }), { code: "not_found" });
    await assert.rejects(run("1", { handle: "ab".repeat(32) }), { code: "not_found" });
  });

  test("reaches no file of the machine", async () => {
    assert.deepEqual(
      await resultOf(`await fs.symlink("/etc/passwd", "link");
        [await fs.exists("/etc/passwd"), await fs.exists("../../../../etc/passwd"), await fs.exists("link"), await fs.readlink("link")]`),
      [false, false, false, "/etc/passwd"],
    );
  });
});

describe("the functions", () => {
  test("read bytes or text, and write what they are given", async () => {
    assert.deepEqual(
      await resultOf(`await fs.writeFile("bytes", new Uint8Array([0, 255, 10]));
        await fs.writeFile("number", 42);
        await fs.appendFile("number", "!");
        await fs.writeFile("view", new DataView(new Uint8Array([104, 105]).buffer));
        [[...await fs.readFile("bytes")], await fs.readFile("number", "utf8"), await fs.readFile("view", { encoding: "utf-8" }),
          (await fs.readFile("view", "buffer")).constructor.name]`),
      [[0, 255, 10], "42!", "hi", "Uint8Array"],
    );
  });

  test("describe files, directories and links as Node does", async () => {
    assert.deepEqual(
      await resultOf(`await fs.writeFile("d/f", "12345"); await fs.symlink("f", "d/l");
        const of = (s) => [s.isFile(), s.isDirectory(), s.isSymbolicLink(), s.size, s.mode.toString(8)];
        [of(await fs.stat("d/f")), of(await fs.stat("d")), of(await fs.stat("d/l")), of(await fs.lstat("d/l"))]`),
      [
        [true, false, false, 5, "100644"],
        [false, true, false, 0, "40755"],
        [true, false, false, 5, "100644"],
        [false, false, true, 1, "120777"],
      ],
    );
  });

  test("write a stream's file when it is closed", async () => {
    assert.deepEqual(
      await resultOf(`const stream = await fs.createWriteStream("s");
        await stream.write("a"); await stream.write(new Uint8Array([98]));
        const before = await fs.exists("s");
        await stream.close(); await stream.close();
        [before, await fs.readFile("s", "utf8"), await stream.write("c").catch((e) => /closed/.test(e.message))]`),
      [false, "ab", true],
    );
  });

  test("are carried out in the order in which they are called", async () => {
    assert.equal(
      await resultOf(`const calls = [fs.writeFile("a", "1"), fs.copyFile("a", "b"), fs.writeFile("a", "2"), fs.appendFile("b", "+")];
        await Promise.all(calls);
        await fs.readFile("a", "utf8") + await fs.readFile("b", "utf8")`),
      "21+",
    );
  });

  for (const [call, code, message] of [
    ["fs.readFile('none/at all')", "ENOENT", "fs.readFile: none/at all: ENOENT: there is no such file or directory"],
    ["fs.readFile('d')", "EISDIR", "fs.readFile: d: EISDIR: it is a directory"],
    ["fs.readdir('d/f')", "ENOENT", "fs.readdir: d/f: ENOENT: there is no such directory"],
    ["fs.rm('d')", "ENOTEMPTY", "fs.rm: d: ENOTEMPTY: the directory is not empty"],
    ["fs.rmdir('d/f')", "ENOTDIR", "fs.rmdir: d/f: ENOTDIR: it is no directory"],
    ["fs.rename('d', 'd/x')", "EINVAL", "fs.rename: d/x: EINVAL: this cannot be done with that path"],
    ["fs.copyFile('d', 'x')", "ENOENT", "fs.copyFile: d: ENOENT: there is no such file"],
    ["fs.readFile('\\0')", "EINVAL", "fs.readFile: \0: EINVAL: this cannot be done with that path"],
    [
      "fs.writeFile('a'.repeat(300), '')",
      "ENAMETOOLONG",
      `fs.writeFile: ${"a".repeat(300)}: ENAMETOOLONG: the name or the path is too long`,
    ],
    [
      "(async () => { await fs.symlink('l', 'l'); await fs.readFile('l') })()",
      "ELOOP",
      "fs.readFile: l: ELOOP: too many symbolic links",
    ],
  ] as const)
    test(`${call} fails with a plain Error of code ${code}`, async () => {
      const { id } = await run("await fs.writeFile('d/f', 'x')");
      assert.deepEqual(await errorOf(call, { handle: id }), ["Error", code, message]);
    });

  test("want texts for paths", async () => {
    assert.deepEqual(await errorOf("fs.stat(7)"), ["TypeError", null, "fs.stat: the path must be a string"]);
  });
});

describe("limits", () => {
  test("hold for all files together, and what does not fit changes nothing", async () => {
    const { value, id = "" } = await run(
      `await fs.writeFile("a", new Uint8Array(600_000));
       const full = await fs.writeFile("b", new Uint8Array(600_000)).catch((e) => e.code);
       await fs.writeFile("a", "");
       await fs.writeFile("b", new Uint8Array(600_000));
       full`,
      { maxBytes: megabyte },
    );
    assert.equal(value, "ENOSPC");
    const kept = await contentsOf(store.snapshots, teamId, id);
    assert.deepEqual([kept.a?.length, kept.b?.length], ["644 ".length, "644 ".length + 600_000]);
  });

  test("a file that is larger than the script's memory is not read at once, but copied", async () => {
    const { id } = await run(
      `const part = new Uint8Array(1_000_000);
       for (let i = 0; i < 10; i++) { await fs.writeFile("part", part); await fs.copyFile("part", "p" + i); }`,
    );
    const tree = await store.snapshots.open(teamId, id ?? "");
    for (let i = 0; i < 10; i++) await tree.append("large", await tree.read(`p${i}`));
    const { value, id: copied = "" } = await run(
      `await fs.copyFile("large", "copy");
       [(await fs.stat("copy")).size, await fs.readFile("copy").catch((e) => e.message)]`,
      { handle: await tree.save() },
    );
    assert.deepEqual(value, [10_000_000, "fs.readFile: copy: EFBIG: the file is larger than the memory of the script"]);
    assert.equal((await store.snapshots.readFile(teamId, copied, "copy")).length, 10_000_000);
  });

  test("a script that sends more than its memory before any of it is written is told so", async () => {
    const written = Promise.withResolvers<void>();
    const capabilities: Capabilities = {
      names: ["fs"],
      async call(name) {
        if (name === "fs.exists") written.resolve();
        else await written.promise;
        return {};
      },
    };
    const ended = await engine.run(
      `const data = new Uint8Array(1_000_000);
       const all = Array.from({ length: 12 }, (_, i) => fs.writeFile("f" + i, data));
       const refusal = await Promise.any(all.map((one) => one.then(() => Promise.reject(), (error) => error.message)));
       const isHeard = () => fs.exists("written now").then(() => true, () => false); // refused itself while too much is under way
       while (!(await isHeard())) await new Promise((resolve) => setTimeout(resolve, 5));
       [refusal, (await Promise.allSettled(all)).filter((one) => one.status === "fulfilled").length]`,
      { capabilities, limits: { calls: 20 } },
    );
    const { value } = ended;
    assert.ok(Array.isArray(value), JSON.stringify(ended));
    const [refusal, taken] = value as [string, number];
    assert.equal(refusal, "Too much data is under way at once: wait for some of it first.");
    assert.ok(taken > 0 && taken < 12, `${taken} of 12 were taken`); // how many depends on how quickly they leave the process
  });
});
