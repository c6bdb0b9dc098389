import assert from "node:assert/strict";
import { once } from "node:events";
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { skipWithoutNamespaces } from "../src/capsules/testing.ts";
import { until } from "../src/platform/testing/until.ts";
import { testHelp, testMisuse, withBelow } from "./support/command-usage.ts";
import { useCommandYard } from "./support/command-yard.ts";
import { openHome } from "./support/home.ts";
import { lyingYard } from "./support/lying-yard.ts";
import { makeSite } from "./support/site.ts";
import { runyardInTerminal, useTerminalShell } from "./support/terminal.ts";

describe("capsules on a running yard", { skip: skipWithoutNamespaces, timeout: 180_000 }, () => {
  after(async () => {
    const left = JSON.parse((await home.runyard(["capsule", "ls", "--json"])).stdout) as { id: string }[];
    if (left.length > 0) await home.runyard(["capsule", "rm", ...left.map((one) => one.id)]);
    await home.runyard(["template", "rm", "noted"]);
  }); // before the yard ends
  const line = useCommandYard();
  const { home, done } = line;
  let id: string;
  before(async () => {
    id = (await done(["capsule", "create"])).trim();
  });
  const ids = async (): Promise<string[]> =>
    JSON.parse(await done(["capsule", "ls", "--json"])).map((one: { id: string }) => one.id);

  const shell = (...args: string[]) => runyardInTerminal(home, ["capsule", "shell", ...args]);

  test("one is made, listed, found by a part of its id, paused, resumed and ended", async () => {
    const made = (await done(["capsule", "create", "--vcpus", "2", "--memory", "256", "--idle", "600"])).trim();
    assert.match(made, /^cl-[0-9a-z]{25}$/);
    assert.match(await done(["capsule", "ls"]), new RegExp(`^ID +STATE .*\n${made} +running +minimal +2 +256 MiB`));
    const part = made.slice(-8);
    assert.equal(JSON.parse(await done(["capsule", "show", "--json", part])).timeout_sec, 600);
    assert.match(await done(["capsule", "show", part]), /state +running\n(.*\n)* {2}pauses +after 10m without use/);
    assert.equal(await done(["capsule", "pause", part]), `${made} is paused.\n`);
    const late = await home.runyard(["capsule", "exec", made, "--", "true"]);
    assert.equal(late.code, 1);
    assert.match(late.stderr, /paused/);
    assert.equal(await done(["capsule", "resume", part]), `${made} runs.\n`);
    const ended = await home.runyard(["capsule", "rm", "--json", "nothere", part]);
    assert.deepEqual([ended.code, ended.stdout], [1, `${JSON.stringify([made])}\n`]);
    assert.match(ended.stderr, /no capsule nothere/);
    assert.match(await done(["capsule", "show", made]), /state +stopped/);
  });

  test("a command's outputs come apart, byte for byte, with its exit code", async () => {
    const script = "printf '\\377\\000ok'; echo $WORD >&2; pwd >&2; exit 3";
    const args = ["capsule", "exec", "--env", "WORD=heard", "--cwd", "/tmp", id, "--", "sh", "-c", script];
    const child = home.start(args);
    const chunks: Buffer[] = [];
    child.stdout!.on("data", (chunk: Buffer) => chunks.push(chunk));
    const { code, stderr } = await child.ended;
    assert.deepEqual([code, stderr], [3, "heard\n/tmp\n"]);
    assert.deepEqual(Buffer.concat(chunks), Buffer.from([0xff, 0x00, 0x6f, 0x6b]));
    const killed = await home.runyard(["capsule", "exec", id, "--", "sh", "-c", "kill -9 $$"]);
    assert.equal(killed.code, 1);
    assert.match(killed.stderr, /a signal has ended the command/);
    const none = await home.runyard(["capsule", "exec", id, "--", "no-such-program"]);
    assert.deepEqual([none.code, none.stdout], [1, ""]);
    assert.match(none.stderr, /no such program/);
  });

  test("Ctrl-C ends the command", async () => {
    const running = home.start(["capsule", "exec", id, "--", "sh", "-c", "echo begun; exec sleep 1000"]);
    await once(running.stdout!, "data");
    running.kill("SIGINT");
    assert.equal((await running.ended).code, 130);
    assert.doesNotMatch(await done(["capsule", "ps", id]), /sleep 1000/);
  });

  test("what runs in the background is listed, listened to and ended", async () => {
    const script = "while sleep 0.1; do echo tick; done";
    const started = await home.runyard([
      "capsule",
      "exec",
      "--background",
      "--tag",
      "ticker",
      id,
      "--",
      "sh",
      "-c",
      script,
    ]);
    assert.deepEqual([started.code, started.stdout], [0, "ticker\n"]);
    assert.match(await done(["capsule", "ps", id]), /^PID +TAG +COMMAND\n\d+ +ticker +sh -c/);
    const logs = home.start(["capsule", "logs", id, "ticker"]);
    await once(logs.stdout!, "data");
    assert.equal(await done(["capsule", "kill", id, "ticker"]), "ticker is asked to end.\n");
    assert.match((await logs.ended).stdout, /^(tick\n)+$/);
    const gone = await home.runyard(["capsule", "logs", id, "ticker"]);
    assert.match(gone.stderr, /no process ticker runs there/);
  });

  test("run --in makes a capsule for one command, and ends it", async () => {
    const before = await ids();
    const ran = await home.runyard(["run", "--in", "capsule", "--", "sh", "-c", "echo out; echo err >&2; exit 7"]);
    assert.deepEqual([ran.code, ran.stdout, ran.stderr], [7, "out\n", "err\n"]);
    const running = home.start(["run", "--in", "capsule", "--", "sh", "-c", "echo begun; exec sleep 1000"]);
    await once(running.stdout!, "data");
    running.kill("SIGINT");
    assert.equal((await running.ended).code, 130);
    const late = await home.runyard(["run", "--in", "capsule", "--timeout", "1", "--", "sleep", "1000"]);
    assert.equal(late.code, 1);
    assert.match(late.stderr, /it has run for 1 s/);
    const unknown = await home.runyard(["run", "--in", "capsule=nothere", "--", "true"]);
    assert.match(unknown.stderr, /no template nothere/);
    assert.deepEqual(await ids(), before);
  });

  test("a shell is a real terminal, whose size follows and whose exit code is the shell's", async () => {
    await useTerminalShell(home, ["capsule", "shell", id]);
  });

  test("a shell comes back to the same terminal when the yard was killed and started again", async () => {
    using used = shell(id);
    await used.shows(/[#$] $/);
    used.write("remembered=forty; echo ready\r");
    await used.shows(/ready\r\n/);
    await line.yard.kill();
    await used.shows(/lost the connection/);
    await line.yard.start();
    await used.shows(/the yard is back/);
    used.write("echo $remembered-two; exit 4\r");
    await used.shows(/forty-two\r\n/);
    assert.equal(await used.ended, 4);
  });

  test("a command's output goes on when the yard was killed and started again", async () => {
    const script = "i=0; until [ -e /tmp/enough ]; do i=$((i+1)); echo $i; sleep 0.1; done; exit 5";
    const running = home.start(["capsule", "exec", id, "--", "sh", "-c", script]);
    let said = "";
    running.stderr?.on("data", (bytes: Buffer) => {
      said += bytes;
    });
    await once(running.stdout!, "data");
    await line.yard.kill();
    await line.yard.start();
    await until(() => said.includes("the yard is back"), { timeoutMs: 30_000 });
    assert.equal((await home.runyard(["capsule", "exec", id, "--", "touch", "/tmp/enough"])).code, 0);
    const { code, stdout, stderr } = await running.ended;
    assert.equal(code, 5, stderr);
    const numbers = [...new Set(stdout.trim().split("\n"))];
    assert.deepEqual(
      numbers,
      numbers.map((_, index) => `${index + 1}`),
    );
  });

  test("a shell that is left runs on, and is gone back to", async () => {
    using first = shell(id);
    await first.shows(/[#$] $/);
    first.write("kept=here; echo se''t\r");
    await first.shows(/set\r\n/);
    first.kill("SIGTERM");
    assert.equal(await first.ended, 143);
    const [, tag] = await first.shows(/--attach (pty-\w+) /);
    using second = shell("--attach", tag!, id);
    second.write("echo $kept-still; exit 6\r");
    await second.shows(/here-still/);
    assert.equal(await second.ended, 6);
  });

  test("a shell works without a terminal", async () => {
    const ran = await home.runyard(["capsule", "shell", id], { stdin: "echo $((6 * 7)); exit 4\n" });
    assert.equal(ran.code, 4, ran.stderr);
    assert.match(ran.stdout, /42/);
    const sh = await home.runyard(["capsule", "shell", id, "--", "cat"], { stdin: "typed\n" });
    assert.deepEqual([sh.code, sh.stdout], [0, "typed\r\ntyped\r\n"]);
    const none = await home.runyard(["capsule", "shell", "--attach", "pty-none", id]);
    assert.deepEqual([none.code, none.stdout], [1, ""]);
    assert.match(none.stderr, /pty-none/);
  });

  test("files and directories are copied in and out, with permissions and the links that stay inside", async () => {
    const site = join(home.path, "site");
    makeSite(site);
    assert.equal(await done(["capsule", "cp", site, `${id}:/srv/site`]), "/srv/site is written: 6 entries, 2.9 MiB.\n");
    assert.equal(await done(["capsule", "exec", id, "--", "readlink", "/srv/site/outside"]), "/etc/passwd\n");

    const copy = join(home.path, "copy");
    const copied = await home.runyard(["capsule", "cp", `${id}:/srv/site`, copy]);
    assert.equal(copied.code, 0, copied.stderr);
    assert.match(copied.stderr, /^runyard: outside is left out: it is a link that leads out/);
    assert.deepEqual(readdirSync(copy, { recursive: true }).sort(), [
      ...["fox", "größe", "größe/large", "größe/leer", "größe/🦊"],
    ]);
    assert.equal(readlinkSync(join(copy, "fox")), "größe/🦊");
    assert.equal(lstatSync(join(copy, "größe/🦊")).mode & 0o777, 0o755);
    assert.equal(lstatSync(join(copy, "größe/leer")).mode & 0o777, 0o700);
    assert.deepEqual(readFileSync(join(copy, "größe/large")), readFileSync(join(site, "größe/large")));

    await done(["capsule", "cp", join(copy, "größe/🦊"), `${id}:bin/`]);
    assert.equal(await done(["capsule", "exec", id, "--", "cat", "bin/🦊"]), "fox");
    const again = await home.runyard(["capsule", "cp", `${id}:/srv/site`, home.path]);
    assert.match(again.stderr, /no empty directory/, "it would go into what is there");
    assert.ok(lstatSync(join(site, "outside")));
    const missing = await home.runyard(["capsule", "cp", `${id}:/srv/none`, home.path]);
    assert.match(missing.stderr, /\/srv\/none/);
  });

  test("a template is made of a capsule, and removed", async () => {
    const source = (await done(["capsule", "create"])).trim();
    await done(["capsule", "exec", source, "--", "sh", "-c", "echo kept > /root/note"]);
    assert.equal(await done(["capsule", "snapshot", "--resume", source, "noted"]), "noted\n");
    assert.match(await done(["capsule", "exec", source, "--", "cat", "/root/note"]), /kept/);
    assert.equal(await done(["run", "--in", "capsule=noted", "--", "cat", "/root/note"]), "kept\n");
    const taken = await home.runyard(["capsule", "snapshot", source, "noted"]);
    assert.equal(taken.code, 1);
    await done(["capsule", "snapshot", "--force", source, "noted"]);
    await done(["capsule", "rm", source]);
  });

  test("what capsules take is shown", async () => {
    assert.match(await done(["capsule", "stats", id]), /NOW +MEAN +MOST\ncpu +[\d.]+% .*\nmemory .*\ndisk /);
    assert.match(await done(["capsule", "stats"]), /running +\d+ +\d+\n/);
    assert.equal(JSON.parse(await done(["capsule", "stats", "--json", "--range", "1h", id])).range, "1h");
  });
});

/** A yard that lists and holds one directory, in its own way. */
const yardHolding = (names: readonly string[]) =>
  lyingYard((request, reply) => {
    request.resume();
    if (!request.url?.endsWith("/list")) return void reply.end("theirs");
    const entries = names.map((name) => ({ name, path: "/x", type: "file", size: 6, mode: 0o644 }));
    reply.setHeader("content-type", "application/json");
    reply.end(JSON.stringify({ entries }));
  });

for (const name of ["../escaped", "..", "/tmp/runyard-escaped", "a/b", "nul\0", ""])
  test(`a capsule that names a file ${JSON.stringify(name)} writes nothing anywhere`, async () => {
    using home = openHome();
    await using yard = await yardHolding(["first", name]);
    const ended = await home.runyard(["capsule", "cp", `cl-${"0".repeat(25)}:/x`, "to"], { env: yard.env });
    assert.deepEqual([ended.code, ended.stdout], [1, ""]);
    assert.match(ended.stderr, /Nothing was written/);
    assert.deepEqual(
      readdirSync(home.path).filter((entry) => !entry.startsWith(".")),
      [],
    );
  });

testMisuse(
  { args: ["capsule", "exec", "x"], says: /missing required argument/ },
  { args: ["capsule", "exec", "--tag", "t", "x", "--", "true"], says: /--background/ },
  { args: ["capsule", "cp", "a", "b"], says: /CAPSULE:PATH/ },
  { args: ["capsule", "cp", "x:a", "y:b"], says: /CAPSULE:PATH/ },
  { args: ["capsule", "create", "--vcpus", "none"], says: /whole number/ },
  { args: ["run", "--in", "elsewhere", "--", "true"], says: /capsule=TEMPLATE/ },
);

testHelp(
  ...withBelow("capsule", "create", "ls", "show", "exec", "shell", "ps", "logs", "kill", "cp", "pause", "resume"),
  ...["capsule move", "capsule snapshot", "capsule stats", "capsule rm"],
);
