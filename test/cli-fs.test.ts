import assert from "node:assert/strict";
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { Readable } from "node:stream";
import { describe, test } from "node:test";
import { type Header, pack } from "tar-stream";
import { until } from "../src/platform/testing/until.ts";
import { testHelp, testMisuse, withBelow } from "./support/command-usage.ts";
import { useCommandYard } from "./support/command-yard.ts";
import { type Home, openHome } from "./support/home.ts";
import { lyingYard } from "./support/lying-yard.ts";
import { makeSite } from "./support/site.ts";
import { runyardInTerminal } from "./support/terminal.ts";

const id = "0".repeat(64);

/** All that is in it, with permissions. */
function seen(path: string): Record<string, string> {
  const names = readdirSync(path, { recursive: true, encoding: "utf8" }).sort();
  return Object.fromEntries(
    names.map((name) => {
      const status = lstatSync(join(path, name));
      const mode = (status.mode & 0o7777).toString(8);
      if (status.isSymbolicLink()) return [name, `-> ${readlinkSync(join(path, name))}`];
      return [name, status.isDirectory() ? mode : `${mode} ${readFileSync(join(path, name), "latin1")}`];
    }),
  );
}

describe("file trees on a running yard", () => {
  const line = useCommandYard();
  const { home, done } = line;

  async function ran(...args: string[]) {
    return JSON.parse(await done(["js", "run", "--json", ...args]));
  }

  test("snapshots are listed, named, moved, merged and gone back to", async () => {
    const left = async (base: string, source: string): Promise<string> => (await ran("--fs", base, "-e", source)).fs;
    const lines = (...text: string[]) => `await fs.writeFile('a.txt', ${JSON.stringify(`${text.join("\n")}\n`)})`;
    const base = await left("new", `${lines("one", "two", "three")}; await fs.writeFile('src/b.js', 'b')`);
    assert.match((await home.runyard(["fs", "labels"])).stderr, /There is no label yet/);
    assert.equal(await done(["fs", "push", "-m", "first", "site", base]), `site is at ${base}.\n`);
    assert.equal(await done(["fs", "head", "site"]), `${base}\n`);
    assert.match(
      await done(["fs", "ls", "site"]),
      /^MODE +SIZE +PATH\n0644 +14 B +a\.txt\n0755 +- +src\/\n0644 +1 B +src\/b\.js\n$/,
    );
    assert.deepEqual(
      JSON.parse(await done(["fs", "ls", "--json", "site", "/src"])).map(({ path }: { path: string }) => path),
      ["src/b.js"],
    );
    assert.match((await home.runyard(["fs", "ls", "site", "nope"])).stderr, /no such file.*nope/);

    const ours = await left("site", lines("ONE", "two", "three"));
    const theirs = await left("site", lines("one", "two", "THREE"));
    const taken = await home.runyard(["fs", "push", "site", ours]);
    assert.equal(taken.code, 1);
    assert.match(taken.stderr, new RegExp(`site is at ${base}, and stays there`));
    await done(["fs", "push", "--expected", base, "site", ours]);
    const late = await home.runyard(["fs", "push", "--expected", base, "site", theirs]);
    assert.deepEqual([late.code, late.stdout], [1, ""]);

    const merged = (await done(["fs", "merge", "--base", base, "site", theirs])).trim();
    await done(["fs", "push", "--expected", ours, "site", merged]);
    const read = await ran("--fs", "site", "-e", "await fs.readFile('a.txt', 'utf8')");
    assert.equal(read.result, '"ONE\\ntwo\\nTHREE\\n"');
    assert.match(await done(["fs", "log", "site"]), /^push .*\n(.*\n)*create .*\n.*\n +first\n$/);

    assert.equal(await done(["fs", "reset", "site", base]), `site is at ${base}.\n`);
    const never = await home.runyard(["fs", "reset", "site", theirs]);
    assert.match(never.stderr, /site has never been at .*--unlogged/);
    assert.deepEqual(JSON.parse(await done(["fs", "labels", "--json"])), [{ name: "site", ca_id: base }]);
  });

  test("a merge with a conflict shows both versions, prints no id, and can take one side", async () => {
    const left = async (base: string, text: string): Promise<string> =>
      (await ran("--fs", base, "-e", `await fs.writeFile('a.txt', ${JSON.stringify(text)})`)).fs;
    const base = await left("none", "one\n\x1b[2J\n");
    const [ours, theirs] = [await left(base, "1\n"), await left(base, "I\n")];
    const ended = await home.runyard(["fs", "merge", "--base", base, ours, theirs]);
    assert.deepEqual([ended.code, ended.stdout], [1, ""]);
    assert.match(ended.stderr, /\na\.txt \(text\)\n<<<<<<< ours\n1\n(.*\n)*=======\nI\n>>>>>>> theirs\n/);
    assert.doesNotMatch(ended.stderr, /\x1b/);
    assert.equal(await done(["fs", "merge", "--base", base, "--prefer", "theirs", ours, theirs]), `${theirs}\n`);
  });

  test("a directory is pushed, read by a script, and pulled as it was", async () => {
    const site = join(home.path, "site");
    makeSite(site);
    const pushed = await done(["fs", "push", "tree", site]);
    assert.match(pushed, /^tree is at [0-9a-f]{64}\.\n$/);
    assert.equal((await ran("--fs", "tree", "-e", "await fs.readFile('größe/🦊', 'utf8')")).result, '"fox"');
    const copy = join(home.path, "copy");
    assert.match(await done(["fs", "pull", "tree", copy]), /copy holds [0-9a-f]{64}: 6 entries, 2\.9 MiB\.\n$/);
    assert.deepEqual(seen(copy), seen(site));
    assert.match(await done(["fs", "ls", "tree"]), /0777 +11 B +outside -> \/etc\/passwd\n/);

    const head = (await done(["fs", "head", "tree"])).trim();
    writeFileSync(join(copy, "new"), "new");
    const without = await home.runyard(["fs", "push", "tree", copy]);
    assert.deepEqual([without.code, without.stdout], [1, ""]);
    assert.match(without.stderr, new RegExp(`tree is at ${head}, and stays there`));
    await done(["fs", "push", "--expected", head, "-m", "one more", "tree", copy]);
    const late = await home.runyard(["fs", "push", "--expected", head, "--json", "tree", site]);
    assert.equal(late.code, 1, "the label has moved meanwhile");
    await done(["fs", "push", "--force", "tree", site]);
    assert.equal((await done(["fs", "head", "tree"])).trim(), head, "the same files are the same snapshot");
  });

  test("what is no directory, is not empty, or does not exist is refused in one line", async () => {
    const full = join(home.path, "full");
    mkdirSync(full);
    writeFileSync(join(full, "mine"), "mine");
    await done(["fs", "push", "full", full]);
    for (const [args, says] of [
      [["pull", "full", full], /no empty directory/],
      [["pull", "full", join(home.path, "no", "such")], /such cannot be made/],
      [["pull", id, join(home.path, "new")], /no snapshot/],
      [["pull", "nolabel", join(home.path, "new")], /no label nolabel/],
      [["push", "new", join(full, "mine")], /no directory that can be read/],
      [["push", "new", join(home.path, "missing")], /no directory that can be read/],
    ] as const) {
      const ended = await home.runyard(["fs", ...args]);
      assert.deepEqual([ended.code, ended.stdout], [1, ""], args.join(" "));
      assert.match(ended.stderr, says);
      assert.equal(ended.stderr.split("\n").length, 2, ended.stderr);
    }
    assert.ok(!existsSync(join(home.path, "new")));
    assert.deepEqual(readdirSync(full), ["mine"]);
  });

  test("an empty directory that is there already is filled, and left-out files are named", async () => {
    const from = join(home.path, "from");
    mkdirSync(from);
    writeFileSync(Buffer.concat([Buffer.from(`${from}/`), Buffer.from([0xff, 0xfe])]), "no text");
    const ended = await home.runyard(["fs", "push", "odd", from]);
    assert.equal(ended.code, 0);
    assert.match(ended.stderr, /is left out/);
    const to = join(home.path, "to");
    mkdirSync(to);
    const pulled = JSON.parse(await done(["fs", "pull", "--json", "odd", to]));
    assert.deepEqual([pulled.entries, pulled.bytes], [0, 0]);
    assert.deepEqual(readdirSync(to), []);
  });

  test("a terminal sees how far it is, and a pipe the result alone", async () => {
    const large = join(home.path, "large");
    mkdirSync(large);
    for (let i = 0; i < 8; i++) writeFileSync(join(large, `${i}`), Buffer.alloc(4_000_000, `${i}`));
    assert.equal((await home.runyard(["fs", "push", "large", large])).stderr, "");
    using terminal = runyardInTerminal(home, ["fs", "pull", "large", join(home.path, "large-copy")]);
    await terminal.shows(/holds [0-9a-f]{64}: 8 entries/);
    assert.match(terminal.shown(), /\d entr(y|ies), [\d.]+ \w+ …/);
  });

  test("a transfer that is stopped leaves nothing", async () => {
    const to = join(home.path, "stopped");
    await using yard = await lyingYard((_request, reply) => void reply.write(Buffer.alloc(100)));
    const pulling = home.start(["fs", "pull", id, to], { env: yard.env });
    await until(() => existsSync(to), { what: "the transfer has begun" });
    pulling.kill("SIGINT");
    assert.equal((await pulling.ended).code, 130);
    assert.ok(!existsSync(to));
  });
});

async function pullFrom(home: Home, to: string, answer: (reply: ServerResponse) => void) {
  await using yard = await lyingYard((_request, reply) => answer(reply));
  return await home.runyard(["fs", "pull", id, to], { env: yard.env });
}

for (const [name, headers] of Object.entries({
  "a path that leads out": [{ name: "../escaped" }],
  "an absolute path": [{ name: "/tmp/runyard-escaped" }],
  "a file by way of a link": [{ name: "out", type: "symlink", linkname: "../outside" }, { name: "out/escaped" }],
  "a directory by way of a link": [
    { name: "out", type: "symlink", linkname: "../outside" },
    { name: "out/escaped", type: "directory" },
  ],
  "a hard link": [{ name: "escaped", type: "link", linkname: "/etc/passwd" }],
  "a file over a file": [{ name: "a" }, { name: "a" }],
} satisfies Record<string, (Partial<Header> & { name: string })[]>))
  test(`a yard that sends ${name} writes nothing anywhere`, async () => {
    using home = openHome();
    mkdirSync(join(home.path, "outside"));
    const ended = await pullFrom(home, "to", (reply) => {
      const archive = pack();
      for (const header of [{ name: "first" }, ...headers] as (Partial<Header> & { name: string })[])
        archive.entry(header, header.type === undefined ? "theirs" : "");
      archive.finalize();
      Readable.from(archive).pipe(reply);
    });
    assert.deepEqual([ended.code, ended.stdout], [1, ""]);
    assert.match(ended.stderr, /^runyard: .*(refused|cannot be written)/);
    assert.deepEqual(
      readdirSync(home.path).filter((entry) => !entry.startsWith(".")),
      ["outside"],
    );
    assert.deepEqual(readdirSync(join(home.path, "outside")), []);
  });

test("a yard that goes away in the middle is told of in one line, and nothing is left", async () => {
  using home = openHome();
  const ended = await pullFrom(home, "to", (reply) => {
    reply.write(Buffer.alloc(512));
    setTimeout(() => reply.destroy(), 50);
  });
  assert.match(ended.stderr, /^runyard: the connection to http:.* broke off\. Nothing was written; try again\.\n$/);
  assert.ok(!existsSync(join(home.path, "to")));
});

testMisuse(
  { args: ["fs", "push", id], says: /missing required argument/ },
  { args: ["fs", "pull", id], says: /missing required argument/ },
  { args: ["fs", "push", "x", id, "--force", "--expected", id], says: /cannot be used with/ },
  { args: ["fs", "merge", id, id, "--prefer", "none"], says: /ours, theirs/ },
);

testHelp(...withBelow("fs", "pull", "ls", "labels", "head", "log", "push", "reset", "merge"));
