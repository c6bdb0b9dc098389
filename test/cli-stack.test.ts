/** Stacks at the command line, on a real engine. */
import assert from "node:assert/strict";
import { chmodSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { before, describe, test } from "node:test";
import { until } from "../src/platform/testing/until.ts";
import { testHelp, testMisuse, withBelow } from "./support/command-usage.ts";
import { useCommandYard } from "./support/command-yard.ts";
import { skipWithoutDocker } from "./support/docker.ts";
import { askYard } from "./support/joined-agent.ts";
import { runyardInTerminal } from "./support/terminal.ts";
import { busyboxImage, useTestEngine } from "./support/test-containers.ts";

const service = (name: string, command: string, more = "") =>
  `  ${name}:\n    image: ${busyboxImage}\n    command: ${JSON.stringify(command)}\n    network_mode: none\n    stop_grace_period: 0s\n${more}`;
const usual = `# by hand\nservices:\n${service("db", "sleep 100000")}${service("web", "sh -c 'echo up; exec sleep 100000'", "    depends_on: [db]\n    volumes: [data:/data]\n")}volumes: {data: {}}\n`;

describe("stacks at the command line", { skip: skipWithoutDocker(), timeout: 300_000 }, () => {
  const tested = useTestEngine();
  const line = useCommandYard(() => ["--docker-socket", tested.docker.socketPath]);
  const { home, done } = line;
  const stack = (...args: string[]) => home.runyard(["stack", ...args]);
  const write = (name: string, text: string): string => {
    const path = join(home.path, name);
    writeFileSync(path, text);
    return path;
  };
  /** A program that edits the file that it is given. */
  const editor = (script: string): string => {
    const path = write("editor", `#!/bin/sh\nfile=$1\n${script}\n`);
    chmodSync(path, 0o755);
    return path;
  };
  const fileOf = (name: string) => readFileSync(join(home.data, "stacks", name, "compose.yaml"), "utf8");
  before(async () => {
    await done(["stack", "create", "shop", "-f", write("compose.yaml", usual), "--env-file", write("vars", "A=1\n")]);
  });

  test("one is made of the file in the directory, or of standard input, and kept as it is", async () => {
    assert.equal(await done(["stack", "create", "here"]), "here is there. To run it: runyard stack deploy here\n");
    assert.equal(fileOf("here"), usual);
    await done(["stack", "create", "there", "-f", "-"], { stdin: usual });
    assert.equal(fileOf("there"), usual);
    const taken = await stack("create", "here");
    assert.deepEqual([taken.code, taken.stdout], [1, ""]);
    assert.match(taken.stderr, /there is a stack here already/i);
    assert.match((await stack("create", "bad", "-f", "nowhere.yaml")).stderr, /--file: cannot read nowhere\.yaml/);
    assert.equal(await done(["stack", "rm", "--yes", "here", "there"]), "here is deleted.\nthere is deleted.\n");
  });

  test("it is planned, deployed with its steps, looked at, scaled, and stopped", async () => {
    const plan = await done(["stack", "diff", "shop"]);
    assert.match(plan, /^shop on host Local\. A deployment would:\n/);
    for (const text of [/create +shop_data +a volume/, /create +shop-db-1 +there is none/, /create +shop-web-1/])
      assert.match(plan, text);
    assert.equal((await stack("diff", "--check", "shop")).code, 1);
    assert.equal(await done(["container", "ls", "--all"]), "");

    const deployed = await stack("deploy", "shop");
    assert.equal(deployed.code, 0, deployed.stderr);
    assert.equal(deployed.stdout, `shop runs on host Local: db (${busyboxImage}), web (${busyboxImage}).\n`);
    assert.match(deployed.stderr, /create volume shop_data\n(.*\n)*runyard: start container shop-web-1\n/);
    assert.match(await done(["stack", "diff", "--check", "shop"]), /there is nothing to do/);
    assert.match(await done(["stack", "ls"]), /^NAME +STATE +HOST +DEPLOYED\nshop +deployed +Local /);
    assert.match(
      await done(["stack", "ps", "shop"]),
      /^SERVICE .*\ndb +[0-9a-f]{12} +running .*\nweb +[0-9a-f]{12} +running /,
    );
    assert.match(await done(["stack", "status", "shop"]), /state +deployed\n(.*\n)* {2}web +1 of 1 run\n/);
    assert.equal(await done(["stack", "logs", "shop"]), "web | up\n");
    assert.equal(await done(["stack", "logs", "shop", "web"]), "up\n");
    assert.match((await stack("logs", "shop", "nothing")).stderr, /nothing of a service nothing/);

    assert.equal(await done(["stack", "scale", "shop", "web=2"]), "web: 1 ran, 2 run now.\n");
    assert.match(await done(["stack", "logs", "shop"]), /^web-1 \| up\nweb-2 \| up\n$/);
    assert.match(await done(["stack", "diff", "shop"]), /remove +shop-web-2 +there are more than the file says/);
    assert.equal(await done(["stack", "stop", "shop"]), "shop is stopped.\n");
    assert.match(await done(["stack", "ls"]), /shop +stopped/);
    assert.equal((await stack("ps", "shop")).stdout, "");
  });

  test("what differs from the file is told, and what somebody changed by hand", async () => {
    await done(["stack", "deploy", "shop"]);
    await done(["container", "stop", "shop-db-1"]);
    await done(["container", "rm", "--yes", "--force", "shop-web-1"]);
    const plan = await done(["stack", "diff", "shop"]);
    assert.match(plan, /start +shop-db-1 +it does not run\n(.*\n)*create +shop-web-1 +there is none/);
    const json = JSON.parse(await done(["stack", "diff", "--json", "shop"]));
    assert.deepEqual([json.settled, json.containers[0].because], [false, "stopped"]);
    await done(["stack", "deploy", "shop"]);

    await done(["stack", "edit", "shop", "-f", "-"], { stdin: `services:\n${service("db", "sleep 100000")}` });
    const without = await done(["stack", "diff", "--check", "shop"]);
    assert.match(without, /there is nothing to do\.\n.*\nleave +shop-web-1 +the file has no such service\n$/);
    await done(["stack", "edit", "shop", "-f", "-"], { stdin: usual });
  });

  test("it is edited in the person's editor, with comments kept, and goes back to what was", async () => {
    const env = { EDITOR: editor('sed -i "s/echo up/echo changed/" "$file"') };
    const edited = await home.runyard(["stack", "edit", "shop"], { env });
    assert.match(edited.stdout, /^shop is written\./, edited.stderr);
    assert.match(fileOf("shop"), /^# by hand\n(.*\n)*.*echo changed/);
    assert.match(await done(["stack", "diff", "shop"]), /replace +shop-web-1 +it was made of something else/);
    const same = await home.runyard(["stack", "edit", "shop"], { env: { EDITOR: editor("true") } });
    assert.equal(same.stdout, "shop is as it was.\n");
    const failed = await home.runyard(["stack", "edit", "shop"], {
      env: { EDITOR: editor('echo x >"$file"; exit 3') },
    });
    assert.deepEqual([failed.code, failed.stdout], [1, ""]);
    assert.match(failed.stderr, /has ended with 3: nothing is changed/);

    await done(["stack", "deploy", "shop"]);
    assert.match(await done(["stack", "history", "shop"]), /^NUMBER .*\n\d+ .*\n\d+ /);
    assert.match(
      await done(["stack", "history", "shop", "latest"]),
      /start container shop-web-1: done\n(.*\n)*Deployment \d+ went well\.\n$/,
    );
    assert.match(await done(["stack", "rollback", "shop"]), /^Back to deployment \d+\. shop runs/);
    assert.match(fileOf("shop"), /echo up/);
  });

  test("variables are edited apart, and neither text costs the other", async () => {
    const env = { VISUAL: `${editor('grep -q A=1 "$1"; echo "B=2" >>"$file"')} ` };
    assert.match((await home.runyard(["stack", "edit", "--env", "shop"], { env })).stdout, /is written/);
    await done(["stack", "edit", "shop", "-f", "-"], { stdin: usual });
    const { json } = await askYard<{ env: string }>(line.yard.local, "GET", "/api/v1/stacks/shop");
    assert.equal(json.env, "A=1\nB=2\n");
  });

  test("what somebody else has changed meanwhile is not overwritten, and what was written is kept", async () => {
    const other = `${usual}# of another\n`;
    const script = `echo '# mine' >>"$file"; printf '%s' '${other.replaceAll("'", `'"'"'`)}' >'${join(home.data, "stacks/shop/compose.yaml")}'`;
    const refused = await home.runyard(["stack", "edit", "shop"], { env: { EDITOR: editor(script) } });
    assert.deepEqual([refused.code, refused.stdout], [1, ""]);
    assert.equal(fileOf("shop"), other);
    const [, kept = ""] = /what you have written is in (\S+)/.exec(refused.stderr) ?? [];
    assert.match(refused.stderr, /somebody has changed shop meanwhile/);
    assert.match(readFileSync(kept, "utf8"), /# mine\n$/);
    await done(["stack", "edit", "shop", "-f", kept]);
    rmSync(dirname(kept), { recursive: true });
    assert.match(fileOf("shop"), /# mine\n$/);
    await home.runyard(["stack", "edit", "shop", "-f", "-"], { stdin: usual });
  });

  test("a deployment that fails says why, and its steps can be read", async () => {
    const crash = `services:\n${service("web", "sh -c 'echo no luck; exit 1'")}`;
    await done(["stack", "create", "crash", "-f", "-"], { stdin: crash });
    const failed = await stack("deploy", "crash");
    assert.deepEqual([failed.code, failed.stdout], [1, ""]);
    assert.match(failed.stderr, /runyard: crash-web-1 ended, with code 1: no luck/);
    assert.match(await done(["stack", "history", "crash", "latest"]), /failed: crash-web-1 ended/);
    assert.equal((await stack("history", "crash")).stderr, "It was never deployed.\n");
    await done(["stack", "edit", "crash", "-f", "-"], { stdin: "services:\n  web: {image: a, frobnicate: 1}\n" });
    for (const command of ["deploy", "diff"]) {
      const refused = await stack(command, "crash");
      assert.equal(refused.code, 1);
      assert.match(refused.stderr, /compose\.yaml:2:\d+: services\.web\.frobnicate/, command);
    }
    const some = await stack("deploy", "nothing", "shop");
    assert.equal(some.code, 1);
    assert.match(some.stderr, /no stack nothing/);
    assert.match(some.stdout, /^shop runs/);
  });

  test("Ctrl-C ends the waiting for a deployment, which goes on", async () => {
    const slow = `services:\n${service("first", "sleep 3")}${service("last", "sleep 100000", "    depends_on: {first: {condition: service_completed_successfully}}\n")}`;
    await done(["stack", "create", "slow", "-f", "-"], { stdin: slow });
    const waiting = home.start(["stack", "deploy", "slow"]);
    await until(async () => /first/.test((await stack("ps", "slow")).stdout), {
      what: "it is under way",
      timeoutMs: 30_000,
    });
    waiting.kill("SIGINT");
    const { code, stderr } = await waiting.ended;
    assert.equal(code, 130, stderr);
    assert.match(stderr, /what was begun goes on\. Look: runyard stack history slow latest/);
    await until(async () => /went well/.test((await stack("history", "slow", "latest")).stdout), {
      what: "it is done all the same",
      timeoutMs: 60_000,
    });
    await done(["stack", "rm", "--yes", "--stop", "slow"]);
  });

  test("at a terminal what is under way stands below what is done", async () => {
    await done(["stack", "stop", "shop"]);
    using terminal = runyardInTerminal(home, ["stack", "deploy", "shop"]);
    await terminal.shows(/wait for web …/);
    await terminal.shows(/ {2}start container shop-web-1\r\n/);
    await terminal.shows(/shop runs on host Local/);
    assert.equal(await terminal.ended, 0);
  });

  test("a project that runs already is found, and taken over", async () => {
    const label = (name: string, value: string) => ({ [`com.docker.compose.${name}`]: value });
    await tested.containers.run("old-web-1", ["sleep", "100000"], {
      StopTimeout: 0,
      Labels: { ...label("project", "old"), ...label("service", "web"), ...label("container-number", "1") },
    });
    assert.match(await done(["stack", "adopt"]), /^PROJECT +SERVICES +HOST\nold +1 +Local\n$/);
    const file = write("old.yaml", `services:\n${service("web", "sleep 100000")}`);
    assert.match(
      await done(["stack", "adopt", "old", "-f", file]),
      /^old is a stack, with 1 containers on host Local\.\n$/,
    );
    assert.match(await done(["stack", "ps", "old"]), /web .* running/);
    assert.match((await stack("adopt", "nothing", "-f", file)).stderr, /runyard: /);
    assert.equal(await done(["stack", "rm", "--yes", "old"]), "old is deleted. What runs of it goes on.\n");
  });

  test("rm asks at a terminal what is to go, and takes it all away", async () => {
    assert.match((await stack("rm", "shop")).stderr, /--yes/);
    using terminal = runyardInTerminal(home, ["stack", "rm", "--stop", "--volumes", "shop"], { cols: 200 });
    await terminal.shows(/Delete the files of shop, its containers, volume shop_data\? \[y\/N\] /);
    terminal.write("y\r");
    await terminal.shows(/shop is deleted, and volume shop_data\./);
    assert.equal(await terminal.ended, 0);
    assert.doesNotMatch(await done(["container", "ls", "--all"]), /shop/);
    assert.equal((await stack("ps", "shop")).code, 1);
  });
});

testMisuse(
  { args: ["stack", "scale", "shop", "web"], says: /looks like web=3/ },
  { args: ["stack", "scale", "shop", "web=101"], says: /at most 100/ },
  { args: ["stack", "rollback", "shop", "latest"], says: /number of a deployment/ },
  { args: ["stack", "history", "shop", "newest"], says: /number, or latest/ },
  { args: ["stack", "frobnicate"], says: /frobnicate/ },
);

testHelp(
  ...withBelow("stack", "ls", "create", "edit", "deploy", "diff", "logs", "ps", "status", "scale", "stop", "rm"),
  ...["stack rollback", "stack adopt", "stack history"],
);
