// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Compose spells its variables so.
import assert from "node:assert/strict";
import { chmod, mkdir, readdir, readFile, rename, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { eachDialect, openTestDatabase, type TestDatabase } from "../../platform/db/testing.ts";
import { isYardError, type YardErrorCode } from "../../platform/errors.ts";
import { createLog } from "../../platform/log.ts";
import { temporaryDirectory } from "../../platform/testing/temporary-directory.ts";
import { until } from "../../platform/testing/until.ts";
import { openStackFiles } from "./open-stack-files.ts";
import type { StackFileChange, StackFiles } from "./stack-files.ts";

const admin = { userId: "u1", isTrusted: true };
const writer = { userId: "u2", isTrusted: false };
const compose = "services: {a: {image: x}} # as it was written\n";

interface Opened extends AsyncDisposable {
  readonly files: StackFiles;
  readonly root: string;
  readonly database: TestDatabase;
}

async function openFiles(open: () => Promise<TestDatabase> = () => openTestDatabase("sqlite")): Promise<Opened> {
  await using opened = new AsyncDisposableStack();
  const directory = opened.use(temporaryDirectory());
  const database = opened.use(await open());
  const root = join(directory.path, "stacks");
  const parts = { root, keyDirectory: join(directory.path, "keys"), database, log: createLog({ level: "silent" }) };
  const files = opened.use(await openStackFiles({ ...parts, essential: (work) => work() }));
  const lifetime = opened.move();
  return { files, root, database, [Symbol.asyncDispose]: () => lifetime.disposeAsync() };
}

function fails(code: YardErrorCode, message?: RegExp) {
  return (error: unknown) => isYardError(error, code) && (message === undefined || message.test(error.message));
}

async function modeOf(path: string): Promise<string> {
  return ((await stat(path)).mode & 0o777).toString(8);
}

test("a stack is kept as it was given, with its variables encrypted, in files of the right modes", async () => {
  await using opened = await openFiles();
  const { files, root } = opened;
  const made = await files.create({ name: "web", compose, env: "A=hunter2\n" }, admin);
  assert.deepEqual(made, { name: "web", directory: join(root, "web"), compose, env: "A=hunter2\n" });
  assert.deepEqual(await files.read("web"), made);
  assert.deepEqual((await readdir(join(root, "web"))).sort(), [".env.age", "compose.yaml"]);
  assert.ok(!(await readFile(join(root, "web", ".env.age"), "latin1")).includes("hunter2"));
  const modes = await Promise.all(["web", "web/compose.yaml", "web/.env.age"].map((path) => modeOf(join(root, path))));
  assert.deepEqual(modes, ["755", "644", "600"]);
  await assert.rejects(files.create({ name: "web", compose }, admin), fails("conflict"));
});

test("writing replaces the files, and an empty env removes its own", async () => {
  await using opened = await openFiles();
  const { files, root } = opened;
  await assert.rejects(files.write("web", { compose }, admin), fails("not_found"));
  await files.create({ name: "web", compose, env: "A=1" }, admin);
  const written = await files.write("web", { compose: "b: 2" }, admin);
  assert.deepEqual(written, { name: "web", directory: join(root, "web"), compose: "b: 2" });
  assert.deepEqual(await readdir(join(root, "web")), ["compose.yaml"]);
});

test("a plain .env from outside is read, and is encrypted when it is next written", async () => {
  await using opened = await openFiles();
  const { files, root } = opened;
  await files.create({ name: "web", compose, env: "A=1" }, admin);
  await writeFile(join(root, "web", ".env"), "A=2");
  await utimes(join(root, "web", ".env.age"), 1, 1);
  assert.equal((await files.read("web")).env, "A=2");
  await files.write("web", { compose, env: "A=3" }, admin);
  assert.deepEqual((await readdir(join(root, "web"))).sort(), [".env.age", "compose.yaml"]);
  assert.equal((await files.read("web")).env, "A=3");
});

test("variables that were sealed with another key are refused with what to do", async () => {
  await using one = await openFiles();
  await using other = await openFiles();
  await one.files.create({ name: "web", compose, env: "A=1" }, admin);
  await rename(join(one.root, "web"), join(other.root, "web"));
  await assert.rejects(other.files.read("web"), fails("precondition", /another key/));
});

const badNames = [
  "../x",
  "..%2fx",
  "x\0y",
  "CON",
  "a",
  "x".repeat(64),
  "x".repeat(300),
  "\u202Eabc",
  "-ab",
  "ab-",
  "$(id)",
  "a\nb",
  "A-b",
  "a_b",
  ".",
  "",
  "api",
  "dockmesh",
];
test("names that are no names touch nothing, whatever is asked for them", async () => {
  await using opened = await openFiles();
  const { files, root } = opened;
  for (const name of badNames) {
    const asks = [
      () => files.create({ name, compose }, admin),
      () => files.read(name),
      () => files.write(name, { compose }, admin),
      () => files.remove(name),
      () => files.environments(name),
      () => files.setActiveEnvironment(name, "x"),
      () => files.load(name),
    ];
    for (const ask of asks) await assert.rejects(ask, fails("invalid"), `${JSON.stringify(name)}: ${ask}`);
    assert.equal(await files.exists(name), false);
  }
  assert.deepEqual(await readdir(root), []);
});

test("what is longer than a megabyte is refused, and nothing is left of it", async () => {
  await using opened = await openFiles();
  const { files, root } = opened;
  const huge = "x".repeat(1024 ** 2 + 1);
  await assert.rejects(files.create({ name: "web", compose: huge }, admin), fails("too_large"));
  await assert.rejects(files.create({ name: "web", compose, env: huge }, admin), fails("too_large"));
  assert.deepEqual(await readdir(root), []);
});

test("links that lead out of the stack's directory are not followed", async () => {
  await using opened = await openFiles();
  const { files, root } = opened;
  await mkdir(join(root, "web"));
  await symlink("/etc/passwd", join(root, "web", "compose.yaml"));
  await assert.rejects(files.read("web"), fails("precondition", /not in the stack's directory/));
  await rm(join(root, "web", "compose.yaml"));
  await writeFile(join(root, "web", "real.yaml"), compose);
  await symlink("real.yaml", join(root, "web", "compose.yaml"));
  assert.equal((await files.read("web")).compose, compose);

  await symlink("/etc", join(root, "elsewhere"));
  await assert.rejects(files.read("elsewhere"), fails("not_found"));
  assert.deepEqual(
    (await files.list()).map(({ name }) => name),
    ["web"],
  );
});

test("an env_file outside of the stack's directory is refused by its place", async () => {
  await using opened = await openFiles();
  const { files, root } = opened;
  const text = (file: string) => `services:\n  a:\n    image: x\n    env_file: ${file}\n`;
  await files.create({ name: "web", compose: text("/etc/passwd") }, writer);
  await assert.rejects(
    files.load("web"),
    fails("precondition", /compose.yaml:4:15: services.a.env_file is not in the stack's directory/),
  );
  await symlink("/etc/passwd", join(root, "web", "link.env"));
  await files.write("web", { compose: text("./link.env") }, writer);
  await assert.rejects(files.load("web"), fails("precondition", /is not in the stack's directory/));
  await files.write("web", { compose: text(".") }, writer);
  await assert.rejects(files.load("web"), fails("precondition", /env_file is/));
});

test("a list tells which stacks have lost their file", async () => {
  await using opened = await openFiles();
  const { files, root } = opened;
  await files.create({ name: "web", compose }, admin);
  await mkdir(join(root, "lost"));
  await mkdir(join(root, "Not-A-Stack"));
  await writeFile(join(root, "file"), "");
  assert.deepEqual(await files.list(), [
    { name: "lost", composePath: join(root, "lost", "compose.yaml"), isBlank: true },
    { name: "web", composePath: join(root, "web", "compose.yaml"), isBlank: false },
  ]);
});

test("environments are overlays, one may be in force, and other people's settings stay", async () => {
  await using opened = await openFiles();
  const { files, root } = opened;
  await files.create({ name: "web", compose, env: "V=2" }, admin);
  await writeFile(join(root, "web", "compose.prod.yaml"), "services: {a: {image: 'x:${V}'}}");
  await writeFile(join(root, "web", "compose.dev_1.yaml"), "services: {a: {restart: always}}");
  await writeFile(
    join(root, "web", ".dockmesh.meta.json"),
    JSON.stringify({ scaling: { enabled: true }, theirs: [1] }),
  );
  assert.deepEqual(await files.environments("web"), { active: "", available: ["dev_1", "prod"] });
  const imageIn = async (environment?: string) => {
    const { project, environment: used } = await files.load("web", { environment });
    return [project.services.get("a")?.image, used];
  };
  assert.deepEqual(await imageIn(), ["x", undefined]);
  await files.setActiveEnvironment("web", "prod");
  assert.deepEqual(await imageIn(), ["x:2", "prod"]);
  assert.deepEqual(await imageIn("dev_1"), ["x", "dev_1"]);
  await assert.rejects(files.load("web", { environment: "gone" }), fails("precondition", /no compose.gone.yaml/));
  await assert.rejects(files.load("web", { environment: "../x" }), fails("precondition"));
  await files.setActiveEnvironment("web", "");
  const meta: unknown = JSON.parse(await readFile(join(root, "web", ".dockmesh.meta.json"), "utf8"));
  assert.deepEqual(meta, { scaling: { enabled: true }, theirs: [1] });
  await assert.rejects(files.setActiveEnvironment("web", "../x"), fails("invalid"));

  await writeFile(join(root, "web", ".dockmesh.meta.json"), "{broken");
  await assert.rejects(files.setActiveEnvironment("web", "prod"), fails("precondition", /no JSON/));
});

eachDialect("whose hand was in a stack", (open) => {
  test("is known by what is on the disk: of whoever wrote it through an API, and otherwise of the machine's administrators", async () => {
    await using opened = await openFiles(open);
    const { files, root } = opened;
    const isUntrusted = async (name: string) => (await files.load(name)).isUntrusted;
    await files.create({ name: "theirs", compose, env: "A=1" }, writer);
    assert.equal(await isUntrusted("theirs"), true);
    await files.write("theirs", { compose: of("b") }, admin);
    assert.equal(await isUntrusted("theirs"), false);

    await files.create({ name: "ours", compose }, admin);
    assert.equal(await isUntrusted("ours"), false);
    await files.write("ours", { compose, env: "A=1" }, writer);
    assert.equal(await isUntrusted("ours"), true, "variables change what the file means");
    await files.write("ours", { compose: of("c"), env: "A=1" }, admin);
    assert.equal(await isUntrusted("ours"), true, "the variables are still theirs");
    await files.write("ours", { compose: of("c") }, writer);
    assert.equal(await isUntrusted("ours"), true, "so does what is missing");
    await files.write("ours", { compose: of("c"), env: "A=2" }, admin);
    assert.equal(await isUntrusted("ours"), false);
    await files.writeCompose("ours", of("d"), writer);
    assert.equal(await isUntrusted("ours"), true);
    await writeFile(join(root, "ours", "compose.yaml"), of("e"));
    assert.equal(await isUntrusted("ours"), false, "an edit on the machine itself");

    await files.remove("theirs");
    await mkdir(join(root, "theirs"));
    await writeFile(join(root, "theirs", "compose.yaml"), compose);
    assert.equal(await isUntrusted("theirs"), false, "another stack of that name");
  });

  test("is told of what was read, not of what somebody else writes in that moment", async () => {
    await using opened = await openFiles(open);
    const { files } = opened;
    await files.create({ name: "web", compose: of("first") }, admin);
    for (let round = 0; round < 20; round += 1) {
      await files.write("web", { compose: of("theirs") }, writer);
      const [loaded] = await Promise.all([files.load("web"), files.write("web", { compose: of("ours") }, admin)]);
      const [name] = loaded.project.services.keys();
      assert.equal(loaded.isUntrusted, name === "theirs", `round ${round}: ${name}`);
    }
  });
});

/** A project of one service. */
function of(service: string): string {
  return `services: {${service}: {image: x}}`;
}

test("changes are told once each, by whomever they are made", async () => {
  await using opened = await openFiles();
  const { files, root } = opened;
  const told: StackFileChange[] = [];
  using _listening = files.onChange((change) => void told.push(change));
  const soon = (expected: StackFileChange) =>
    until(() => told.some((one) => JSON.stringify(one) === JSON.stringify(expected)), {
      what: JSON.stringify(expected),
    });

  await files.create({ name: "web", compose }, admin);
  await files.write("web", { compose: "b: 1", env: "A=1" }, admin);
  assert.deepEqual(told, [
    { type: "created", name: "web" },
    { name: "web", file: "compose.yaml", type: "modified" },
    { name: "web", file: ".env", type: "created" },
  ]);

  await writeFile(join(root, "web", "compose.yaml"), "from: outside, and longer");
  await soon({ name: "web", file: "compose.yaml", type: "modified" });
  await mkdir(join(root, "new"));
  await soon({ type: "created", name: "new" });
  await writeFile(join(root, "new", "compose.yaml"), compose);
  await soon({ name: "new", file: "compose.yaml", type: "created" });
  await rm(join(root, "new"), { recursive: true });
  await soon({ type: "removed", name: "new" });
  await files.remove("web");
  const ofWeb = told.filter(({ name }) => name === "web").map(({ type, file }) => `${type} ${file ?? ""}`.trim());
  assert.deepEqual(ofWeb.slice(-2), ["modified compose.yaml", "removed"]);
});

test("what a write that was cut off has left is cleared away at the next start", async () => {
  using directory = temporaryDirectory();
  await using database = await openTestDatabase("sqlite");
  const root = join(directory.path, "stacks");
  await mkdir(join(root, ".runyard-unfinished-abc", "x"), { recursive: true });
  await mkdir(join(root, "web"));
  await writeFile(join(root, "web", ".runyard-unfinished-def"), "half");
  const parts = { root, keyDirectory: join(directory.path, "keys"), database, log: createLog({ level: "silent" }) };
  await using _files = await openStackFiles({ ...parts, essential: (work) => work() });
  assert.deepEqual(await readdir(root, { recursive: true }), ["web"]);
});

test("a key that others may read keeps the yard from starting", async () => {
  using directory = temporaryDirectory();
  await using database = await openTestDatabase("sqlite");
  const keyDirectory = join(directory.path, "keys");
  const parts = { root: join(directory.path, "stacks"), keyDirectory, database, log: createLog({ level: "silent" }) };
  await using files = await openStackFiles({ ...parts, essential: (work) => work() });
  await files.create({ name: "web", compose, env: "A=1" }, admin); // something to seal: the key is made for that
  await files[Symbol.asyncDispose]();
  await chmod(join(keyDirectory, "stacks.age"), 0o644);
  await assert.rejects(openStackFiles({ ...parts, essential: (work) => work() }), fails("precondition", /chmod/));
});
