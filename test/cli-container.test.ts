/** Containers, images, volumes and networks at the command line, on a real engine. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { until } from "../src/platform/testing/until.ts";
import { testHelp, testMisuse, withBelow } from "./support/command-usage.ts";
import { useCommandYard } from "./support/command-yard.ts";
import { skipWithoutDocker } from "./support/docker.ts";
import { askYard, type JoinedAgent, joinYard } from "./support/joined-agent.ts";
import { registryHost, startRegistry, type TestRegistry } from "./support/registry.ts";
import { runyardInTerminal, useTerminalShell } from "./support/terminal.ts";
import { busyboxImage, useTestEngine } from "./support/test-containers.ts";

describe("containers, images, volumes and networks at the command line", {
  skip: skipWithoutDocker(),
  timeout: 300_000,
}, () => {
  const tested = useTestEngine();
  const line = useCommandYard(() => ["--docker-socket", tested.docker.socketPath]);
  const { home, done } = line;
  const container = (...args: string[]) => home.runyard(["container", ...args]);
  const run = (name: string, ...command: string[]) => tested.containers.run(name, command, { StopTimeout: 0 });
  before(async () => {
    await run("web", "sleep", "100000");
  });

  test("containers are listed, found by a part of an id, looked at, stopped, started and removed", async () => {
    const id = await run("brief", "sleep", "100000");
    assert.match(
      await done(["container", "ls"]),
      /^NAME +ID +STATE +STATUS +IMAGE .*\nbrief +[0-9a-f]{12} +running +Up .* busybox:test/,
    );
    const part = id.slice(0, 10);
    assert.equal(await done(["container", "stop", part]), "brief is stopped.\n");
    assert.doesNotMatch(await done(["container", "ls"]), /brief/);
    assert.match(await done(["container", "ls", "--all"]), /brief .* exited/);
    assert.equal(await done(["container", "start", "--json", "brief"]), `${JSON.stringify([id])}\n`);
    assert.equal(await done(["container", "pause", "brief"]), "brief is paused.\n");
    assert.equal(JSON.parse(await done(["container", "inspect", "brief"]))[0].State.Paused, true);
    assert.equal(await done(["container", "unpause", "brief"]), "brief goes on.\n");
    assert.equal(await done(["container", "restart", "brief"]), "brief runs again.\n");
    assert.equal(await done(["container", "kill", "-s", "KILL", "brief"]), "brief was sent KILL.\n");

    const unsure = await container("rm", "brief");
    assert.equal(unsure.code, 1);
    assert.match(unsure.stderr, /--yes/);
    const some = await container("rm", "--yes", "nobody", "brief");
    assert.deepEqual([some.code, some.stdout], [1, "brief is removed.\n"]);
    assert.match(some.stderr, /no container nobody/);
  });

  test("rm asks at a terminal, and takes no for an answer", async () => {
    await run("asked", "sleep", "100000");
    using terminal = runyardInTerminal(home, ["container", "rm", "--force", "asked"]);
    await terminal.shows(/Remove the container asked \(Up .*\) of host Local\? \[y\/N\] /);
    terminal.write("n\r");
    await terminal.shows(/asked is left as it is/);
    assert.equal(await terminal.ended, 0);
    await done(["container", "rm", "--yes", "--force", "asked"]);
  });

  test("a command's outputs come apart, byte for byte, with its input and its exit code", async () => {
    const script = "printf '\\377\\000ok'; echo \"$1\" >&2; wc -c >&2; exit 3";
    const child = home.start(["container", "exec", "-i", "web", "--", "sh", "-c", script, "sh", "it's a 'word'"], {
      stdin: "x".repeat(600_000),
    });
    const chunks: Buffer[] = [];
    child.stdout!.on("data", (chunk: Buffer) => chunks.push(chunk));
    const { code, stderr } = await child.ended;
    assert.deepEqual([code, stderr], [3, "it's a 'word'\n600000\n"]);
    assert.deepEqual(Buffer.concat(chunks), Buffer.from([0xff, 0x00, 0x6f, 0x6b]));
    assert.equal((await container("exec", "web", "--", "cat")).code, 0, "without -i there is nothing to read");
    assert.equal((await container("exec", "web", "--", "sh", "-c", "kill -9 $$")).code, 137);
    assert.equal((await container("exec", "web", "--", "no-such-program")).code, 126);
    const nobody = await container("exec", "nobody", "--", "true");
    assert.deepEqual([nobody.code, nobody.stdout], [1, ""]);
  });

  test("a command has its own variables, directory and user", async () => {
    const script = "echo $KIND-$OTHER; pwd; id -u";
    const words = ["-e", "KIND=a=b", "--env", "OTHER=it's ü", "-w", "/tmp", "-u", "1000:1000"];
    assert.equal(
      await done(["container", "exec", ...words, "web", "--", "sh", "-c", script]),
      "a=b-it's ü\n/tmp\n1000\n",
    );
    const elsewhere = await container("exec", "-w", "tmp", "web", "--", "pwd");
    assert.deepEqual([elsewhere.code, elsewhere.stdout], [1, ""]);
    assert.match(elsewhere.stderr, /cwd/);
    const odd = await container("exec", "-u", "a b", "web", "--", "pwd");
    assert.match(odd.stderr, /user/);
    const long = await container("exec", "-e", `LONG=${"x".repeat(10_000)}`, "web", "--", "true");
    assert.match(long.stderr, /variables are too long/);
  });

  test("whoever may not reach the host stays the user that a container has, unless that is root", async () => {
    await tested.containers.run("modest", ["sleep", "100000"], { User: "1000", StopTimeout: 0 });
    const body = { username: "operator", password: "a long password", role: "operator" };
    assert.equal((await askYard(line.yard.local, "POST", "/api/v1/users", body)).status, 201);
    const login = { username: body.username, password: body.password };
    const session = await askYard<{ access_token: string }>(line.yard.local, "POST", "/api/v1/auth/login", login);
    const env = { RUNYARD_URL: line.yard.url, RUNYARD_TOKEN: session.json.access_token };
    const id = (name: string, user: string) =>
      home.runyard(["container", "exec", "-u", user, name, "--", "id", "-u"], { env });
    assert.equal((await id("web", "7")).stdout, "7\n");
    assert.equal((await id("modest", "1000")).stdout, "1000\n");
    const refused = await id("modest", "0");
    assert.deepEqual([refused.code, refused.stdout], [1, ""]);
    assert.match(refused.stderr, /containers\.host-access/);
    assert.equal(await done(["container", "exec", "-u", "0", "modest", "--", "id", "-u"]), "0\n");
    await tested.containers.remove("modest");
  });

  test("Ctrl-C ends a command, there and here", async () => {
    const running = home.start(["container", "exec", "web", "--", "sh", "-c", "echo begun; exec sleep 54321"]);
    await once(running.stdout!, "data");
    running.kill("SIGINT");
    assert.equal((await running.ended).code, 130);
    const isOver = async () => !(await tested.containers.processes("web")).some((one) => one.includes("54321"));
    await until(isOver, { what: "the command has ended in the container", timeoutMs: 30_000 });
  });

  test("-t is a real terminal, whose size follows, and which is given back as it was", async () => {
    await useTerminalShell(home, ["container", "exec", "-it", "web"]);
  });

  test("where there is no terminal, what is typed comes from standard input, and ends with it", async () => {
    const ended = await home.runyard(["container", "exec", "-it", "web", "--", "sh"], {
      stdin: "echo heard; exit 4\n",
    });
    assert.equal(ended.code, 4);
    assert.match(ended.stdout, /heard/);
    const left = await home.runyard(["container", "exec", "-it", "web", "--", "cat"], { stdin: "line\n" });
    assert.equal(left.code, 0, "Ctrl-D ends it");
  });

  test("logs are printed, the last lines of them, with their times, and end with the container", async () => {
    await run("counter", "sh", "-c", "seq 1 200");
    await until(async () => /counter .* exited/.test(await done(["container", "ls", "--all"])), {
      what: "it has ended",
    });
    assert.equal(await done(["container", "logs", "--tail", "2", "counter"]), "199\n200\n");
    assert.equal((await done(["container", "logs", "-n", "all", "counter"])).split("\n").length, 201);
    assert.match(await done(["container", "logs", "-f", "-t", "-n", "1", "counter"]), /^\d{4}-.*\.\d{9}Z 200\n$/);
    const missing = await container("logs", "nobody");
    assert.deepEqual([missing.code, missing.stdout], [1, ""]);
  });

  test("whoever follows a log loses and repeats nothing when the yard is killed and started again; Ctrl-C ends it", async () => {
    await run("ticker", "sh", "-c", "i=0; while sleep 0.05; do i=$((i+1)); echo $i; done");
    const follower = home.start(["container", "logs", "-f", "-n", "all", "ticker"]);
    let printed = "";
    follower.stdout!.on("data", (chunk) => {
      printed += String(chunk);
    });
    const last = () => Number(printed.trim().split("\n").at(-1));
    await until(() => last() > 5, { what: "it follows" });
    const before = last();
    await line.yard.kill();
    await line.yard.start();
    await until(() => last() > before + 60, { what: "it follows again", timeoutMs: 60_000 });
    follower.kill("SIGINT");
    const { code, stderr } = await follower.ended;
    assert.equal(code, 130, stderr);
    const numbers = printed.trim().split("\n").map(Number);
    assert.deepEqual(
      numbers,
      Array.from(numbers, (_, i) => i + 1),
    );
    assert.match(stderr, /lost the connection.*the yard is back/s);
    await tested.containers.remove("ticker");
  });

  test("what containers use is measured once for a log, and drawn in its place at a terminal", async () => {
    assert.match(await done(["container", "stats", "web"]), /^NAME +CPU +MEMORY .*\nweb +\d.*% /);
    const [measured] = JSON.parse(await done(["container", "stats", "--json", "web"]));
    assert.deepEqual([measured.name, measured.host_id, typeof measured.mem_used], ["web", "local", "number"]);
    using terminal = runyardInTerminal(home, ["container", "stats"]);
    await terminal.shows(/web +\d.*\x1b\[\d+A.*web +\d/s);
    terminal.write("\x03");
    assert.equal(await terminal.ended, 130);
  });

  test("volumes and networks are made, listed, looked into and removed", async () => {
    assert.equal(await done(["volume", "create", "--label", "use=test", "data"]), "data is there, on host Local.\n");
    assert.match(await done(["volume", "ls"]), /^NAME +DRIVER +STACK\ndata +local +-\n/);
    await tested.containers.run("writer", ["sh", "-c", "mkdir /data/conf; echo hello >/data/conf/app.ini"], {
      HostConfig: { Binds: ["data:/data"] },
    });
    await until(async () => /writer .* exited/.test(await done(["container", "ls", "--all"])), {
      what: "it has written",
    });
    assert.match(await done(["volume", "browse", "data", "/conf"]), /^NAME +MODE .*\napp\.ini +-rw-r--r-- +6 B /);
    assert.equal(await done(["volume", "browse", "--print", "data", "/conf/app.ini"]), "hello\n");
    assert.match((await home.runyard(["volume", "rm", "--yes", "data"])).stderr, /in use/);
    await tested.containers.remove("writer");
    assert.equal(await done(["volume", "rm", "--yes", "data"]), "data is removed.\n");
    await done(["volume", "create", "left"]);
    assert.match(await done(["volume", "prune", "--preview"]), /^Local: left \(\d/);
    assert.match((await home.runyard(["volume", "prune"])).stderr, /--yes/);
    using terminal = runyardInTerminal(home, ["volume", "prune"]);
    await terminal.shows(/Remove these volumes of host Local, with all that is in them: left \(.*\)\? \[y\/N\] /);
    terminal.write("y\r");
    await terminal.shows(/Local: 1 removed/);
    assert.equal(await terminal.ended, 0);
    assert.equal(await done(["volume", "prune", "--preview"]), "Local: there is nothing to remove.\n");

    assert.equal(await done(["network", "create", "front"]), "front is there, on host Local.\n");
    assert.match(await done(["network", "ls"]), /\nfront +[0-9a-f]{12} +bridge +0 +-\n/);
    assert.match((await home.runyard(["network", "create", "front"])).stderr, /front/);
    assert.equal(await done(["network", "rm", "--yes", "front"]), "front is removed.\n");
  });

  describe("with a registry", () => {
    let registry: TestRegistry;
    const image = `${registryHost}/team/web:1`;
    before(async () => {
      registry = await startRegistry(tested.docker);
      await registry.publish({ name: "team/web", tag: "1", version: "1" });
    });
    after(() => registry[Symbol.asyncDispose]());

    test("images are pulled, listed, and removed by their names", async () => {
      const pulled = await home.runyard(["image", "pull", image]);
      assert.deepEqual([pulled.code, pulled.stdout], [0, `${image} is on host Local.\n`], pulled.stderr);
      assert.match(pulled.stderr, /Digest: sha256:/);
      assert.match(await done(["image", "ls"]), /127\.0\.0\.1:5000\/team\/web:1 +[0-9a-f]{12} +\d/);
      const records = (await done(["image", "pull", "--json", image]))
        .trim()
        .split("\n")
        .map((one) => JSON.parse(one));
      assert.ok(records.some(({ status }) => String(status).startsWith("Digest")));
      const missing = await home.runyard(["image", "pull", `${registryHost}/team/nothing:1`]);
      assert.deepEqual([missing.code, missing.stdout], [1, ""]);
      assert.match(missing.stderr, /team\/nothing:1 cannot be pulled/);
      assert.equal(await done(["image", "rm", "--yes", image]), `${image} is removed.\n`);
      assert.doesNotMatch(await done(["image", "ls"]), /team\/web/);
      assert.match((await home.runyard(["image", "rm", "--yes", busyboxImage])).stderr, /container/);
      assert.match(await done(["image", "prune", "--yes"]), /^Local: \d+ removed/);
    });

    test("a container is updated, and goes back", async () => {
      await done(["image", "pull", image]);
      await tested.containers.run("aged", ["sleep", "100000"], { Image: image, StopTimeout: 0 });
      assert.match(await done(["container", "update", "--check", "aged"]), /is the newest/);
      await registry.publish({ name: "team/web", tag: "1", version: "2" });
      assert.match(await done(["container", "update", "--check", "aged"]), /there is a newer/);
      assert.equal(await done(["container", "update", "aged"]), "aged runs the newer image.\n");
      assert.equal(await done(["container", "rollback", "aged"]), "aged runs the image from before the update.\n");
      assert.match((await container("rollback", "aged")).stderr, /no update that could be taken back/);
      await tested.containers.remove("aged");
    });
  });

  describe("with a second host", () => {
    let rig: JoinedAgent;
    // The same engine under another name: what is on one is on both.
    before(async () => {
      const body = { type: "regular", name: "rig" };
      rig = await joinYard(line.yard.local, { body, args: ["--docker-socket", tested.docker.socketPath] });
      const isThere = async () => (await container("ls", "--host", "all")).code === 0;
      await until(isThere, { what: "its engine answers", timeoutMs: 60_000 });
    });
    after(() => rig[Symbol.asyncDispose]());

    test("it is named by its name; what is on several hosts is refused with the candidates", async () => {
      assert.match(
        await done(["container", "ls", "--host", "all"]),
        /^NAME .* HOST\n(.*\n)*web .* Local\n(.*\n)*web .* rig\n/,
      );
      assert.equal(
        await done(["container", "exec", "--host", "rig", "-i", "web", "--", "cat"], { stdin: "far" }),
        "far",
      );
      const both = await container("stop", "--host", "all", "web");
      assert.equal(both.code, 1);
      assert.match(
        both.stderr,
        /web may be any of these: web \([0-9a-f]{12}, host Local\), web \([0-9a-f]{12}, host rig\)/,
      );
      const nowhere = await container("ls", "--host", "nowhere");
      assert.match(nowhere.stderr, /no host nowhere, .* There are: Local, rig\./);
    });

    test("one that is away is named, and the list counts as not whole", async () => {
      await rig.end("SIGKILL");
      const isAway = async () => (await container("ls", "--host", "rig")).code === 1;
      await until(isAway, { what: "it is known to be away", timeoutMs: 60_000 });
      const listed = await container("ls", "--host", "all");
      assert.equal(listed.code, 1);
      assert.match(listed.stdout, /web .* Local\n/);
      assert.match(listed.stderr, /^runyard: rig is not in this list: agent offline\n$/);
      const json = await container("ls", "--host", "all", "--json");
      assert.equal(JSON.parse(json.stdout).unreachable_hosts[0].host_name, "rig");
      const stats = await container("stats", "--once", "--host", "all");
      assert.deepEqual([stats.code, /web/.test(stats.stdout)], [1, true]);
    });
  });

  test("whoever may only look is refused the rest", async () => {
    const body = { username: "viewer", password: "a long password", role: "viewer" };
    assert.equal((await askYard(line.yard.local, "POST", "/api/v1/users", body)).status, 201);
    const login = { username: body.username, password: body.password };
    const session = await askYard<{ access_token: string }>(line.yard.local, "POST", "/api/v1/auth/login", login);
    const env = { RUNYARD_URL: line.yard.url, RUNYARD_TOKEN: session.json.access_token };
    assert.match((await home.runyard(["container", "ls"], { env })).stdout, /web/);
    for (const args of [
      ["container", "stop", "web"],
      ["container", "exec", "web", "--", "true"],
      ["volume", "create", "v"],
    ]) {
      const refused = await home.runyard(args, { env });
      assert.deepEqual([refused.code, refused.stdout], [1, ""], args.join(" "));
      assert.match(refused.stderr, /lacks the permission|may not/);
    }
  });
});

testMisuse(
  { args: ["container", "exec", "web"], says: /what is to be run/ },
  { args: ["container", "logs", "--tail", "some", "web"], says: /number of lines, or all/ },
  { args: ["container", "frobnicate"], says: /frobnicate/ },
  { args: ["volume", "browse", "--print", "--json", "v", "f"], says: /--print/ },
);

testHelp(
  ...withBelow("container", "ls", "inspect", "start", "stop", "restart", "kill", "pause", "unpause", "rm", "logs"),
  ...["container exec", "container stats", "container update", "container rollback"],
  ...withBelow("image", "ls", "pull", "rm", "prune"),
  ...withBelow("volume", "ls", "create", "browse", "rm", "prune"),
  ...withBelow("network", "ls", "create", "rm"),
);
