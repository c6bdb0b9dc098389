/** Templates, teams, keys and channels, as a team works with them at the command line. */
import assert from "node:assert/strict";
import { copyFileSync, createWriteStream, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { signUp } from "../src/apis/wrenn/testing.ts";
import { skipWithoutNamespaces } from "../src/capsules/testing.ts";
import { readDirectory } from "../src/platform/trees/read-directory.ts";
import { writeTar } from "../src/platform/trees/tar.ts";
import { testHelp, testMisuse, withBelow } from "./support/command-usage.ts";
import { useCommandYard } from "./support/command-yard.ts";
import { adminPassword } from "./support/yard-process.ts";

describe("a team on a running yard", { timeout: 120_000 }, () => {
  const line = useCommandYard();
  const { home, done } = line;
  let ben: Awaited<ReturnType<typeof signUp>>;
  before(async () => {
    const args = ["login", "--url", line.yard.url, "--username", "admin", "--password-stdin"];
    await done(args, { stdin: adminPassword });
    ben = await signUp(line.yard.url, "ben");
  });

  test("it is made, filled, looked at, renamed and left", async () => {
    assert.match(await done(["team", "create", "crew"]), /^crew is there, and you own it: team-[0-9a-z]{25}\n$/);
    assert.match(await done(["team", "ls"]), /^TEAM +ROLE +ID\n(.*\n)*crew +owner +team-/);
    assert.match(await done(["team", "add", "crew", ben.email]), /is member of crew\.\n$/);
    await done(["team", "role", "crew", ben.email, "admin"]);
    const shown = JSON.parse(await done(["team", "show", "--json", "crew"]));
    assert.deepEqual(
      shown.members.map(({ email, role }: { email?: string; role: string }) => [email, role]),
      [
        [undefined, "owner"],
        [ben.email, "admin"],
      ],
    );
    assert.match(await done(["team", "rename", "crew", "night crew"]), /crew is called night crew/);
    assert.match(await done(["team", "remove", "night crew", ben.email]), /is not in night crew any more/);
    const unknown = await home.runyard(["team", "add", "night crew", "nobody@example.org", ben.email]);
    assert.equal(unknown.code, 1, "one of them is unknown");
    assert.match(unknown.stdout, /is member of night crew/);
    const env = { RUNYARD_URL: line.yard.url, RUNYARD_TOKEN: ben.token };
    assert.equal((await home.runyard(["team", "leave", "night crew"], { env })).code, 0);
    const gone = await home.runyard(["team", "show", "night crew"], { env });
    assert.match(gone.stderr, /you are in no team night crew/);
    const owner = await home.runyard(["team", "leave", "night crew"]);
    assert.equal(owner.code, 1);
    assert.match(await done(["team", "rm", "night crew"]), /night crew has ended/);
  });

  test("whoever switches works for the other team, with capsules, keys and channels of its own", async () => {
    await done(["team", "create", "other"]);
    const token = (await done(["team", "switch", "--print", "other"])).trim();
    const env = { RUNYARD_URL: line.yard.url, RUNYARD_TOKEN: token };
    const made = await home.runyard(["key", "create", "ci"], { env });
    assert.match(made.stdout, /^wrn_[0-9a-f]{32}\n$/);
    assert.match((await home.runyard(["key", "ls"], { env })).stdout, /\bci\b.* never\n/);
    assert.match((await home.runyard(["key", "ls"])).stderr, /The team has no key/, "the session is for the own one");
    const asKey = { RUNYARD_URL: line.yard.url, RUNYARD_TOKEN: made.stdout.trim() };
    assert.match((await home.runyard(["capsule", "ls"], { env: asKey })).stderr, /There is no capsule/);
    assert.match((await home.runyard(["key", "ls"], { env })).stdout, /\bci\b.* ago\n/, "it was used");

    assert.match(await done(["team", "switch", "other"]), /^You work for other now\. The session ends at /);
    assert.match(await done(["key", "rm", "ci"]), /ci is removed/);
    assert.equal((await home.runyard(["capsule", "ls"], { env: asKey })).code, 1);
  });

  test("a channel is made, listed, changed and removed, and its secret is shown once", async () => {
    const secretFile = join(home.path, "secret");
    writeFileSync(secretFile, "of our own\n");
    const url = "url=https://hooks.invalid/x";
    const args = ["channel", "create", "ops", "webhook", "--set", url, "--event", "capsule.created", "host.down"];
    const made = await home.runyard(args);
    assert.deepEqual([made.code, /^[0-9a-f]{64}\n$/.test(made.stdout)], [0, true], made.stderr);
    assert.match(await done(["channel", "ls"]), /^NAME +PROVIDER .*\nops +webhook +- +capsule\.created,host\.down/);
    await done(["channel", "configure", "ops", "--set", url, "--set", `secret=@${secretFile}`]);
    assert.doesNotMatch(await done(["channel", "ls", "--json"]), /of our own/);
    const tried = await home.runyard(["channel", "test", "webhook", "--set", url]);
    assert.deepEqual([tried.code, tried.stdout], [1, ""]);
    assert.equal(tried.stderr.split("\n").length, 2, tried.stderr);
    const missing = await home.runyard(["channel", "test", "webhook", "--set", "url=@/none"]);
    assert.match(missing.stderr, /--set url: cannot read \/none/);
    assert.equal(await done(["channel", "rm", "ops"]), "ops is removed.\n");
    assert.match((await home.runyard(["channel", "ls"])).stderr, /The team has no channel/);
  });

  test("an archive becomes a template that capsules start from", { skip: skipWithoutNamespaces }, async () => {
    const root = join(home.path, "root");
    for (const name of ["bin", "usr/bin", "srv"]) mkdirSync(join(root, name), { recursive: true });
    copyFileSync("/bin/busybox", join(root, "bin/busybox")); // one program without libraries is all that a root needs
    for (const name of ["bin/sh", "bin/cat", "usr/bin/env"]) symlinkSync("/bin/busybox", join(root, name));
    writeFileSync(join(root, "srv/note"), "from the archive\n");
    const archive = join(home.path, "root.tar");
    await pipeline(writeTar(readDirectory(root, { onSkipped: () => {} })), createWriteStream(archive));
    assert.match(await done(["template", "import", "noted", archive]), /^noted is there: [\d.]+ MiB\.\n$/);
    assert.match(await done(["template", "ls"]), /\nnoted +base +team +/);
    const id = (await done(["capsule", "create", "noted"])).trim();
    assert.equal(await done(["capsule", "exec", id, "--", "cat", "/srv/note"]), "from the archive\n");
    const copy = join(home.path, "note");
    await done(["capsule", "cp", `${id}:/srv/note`, copy]);
    assert.equal(readFileSync(copy, "utf8"), "from the archive\n");
    await done(["capsule", "rm", id]);

    const taken = await home.runyard(["template", "import", "noted", archive]);
    assert.match(taken.stderr, /noted/);
    const gzipped = join(home.path, "root.tar.gz");
    writeFileSync(gzipped, gzipSync(readFileSync(archive)));
    await done(["template", "import", "--shared", "everyone", gzipped]);
    const all = JSON.parse(await done(["template", "ls", "--json"])) as { name: string; platform: boolean }[];
    assert.deepEqual(
      all.map(({ name, platform }) => [name, platform]),
      [
        ["everyone", true],
        ["noted", false],
        ["minimal", true],
      ],
    );
    const env = { RUNYARD_URL: line.yard.url, RUNYARD_TOKEN: ben.token };
    const refused = await home.runyard(["template", "import", "--shared", "mine", archive], { env });
    assert.match(refused.stderr, /Only administrators/);
    const broken = join(home.path, "broken.tar");
    writeFileSync(broken, "this is no archive".repeat(100));
    const bad = await home.runyard(["template", "import", "bad", broken]);
    assert.deepEqual([bad.code, bad.stdout], [1, ""]);
    const removed = await home.runyard(["template", "rm", "noted", "minimal"]);
    assert.deepEqual([removed.code, removed.stdout], [1, "noted is removed.\n"]);
    assert.match(removed.stderr, /everybody's/);
  });
});

testMisuse(
  { args: ["team", "role", "crew", "ben", "owner"], says: /admin, member/ },
  { args: ["channel", "test", "carrier-pigeon"], says: /discord, slack/ },
  { args: ["channel", "create", "ops", "webhook"], says: /--event/ },
  { args: ["template", "import", "x"], says: /missing required argument/ },
);

testHelp(
  ...withBelow("template", "build", "ls", "import", "rm"),
  ...withBelow("team", "ls", "create", "show", "add", "role", "remove", "rename", "leave", "switch", "rm"),
  ...withBelow("key", "create", "ls", "rm"),
  ...withBelow("channel", "create", "ls", "test", "configure", "rm"),
);
