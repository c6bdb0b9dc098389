import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { until } from "../src/platform/testing/until.ts";
import { testHelp, testMisuse } from "./support/command-usage.ts";
import { useCommandYard } from "./support/command-yard.ts";
import { openHome } from "./support/home.ts";
import { adminPassword as password, startYard } from "./support/yard-process.ts";

describe("the command line against a running yard", () => {
  const line = useCommandYard();
  const { home } = line;

  test("run needs no login on the yard's own machine, prints the output and exits with the remote code", async () => {
    const ended = await home.runyard(["run", "--", "sh", "-c", "echo hello; exit 3"]);
    assert.deepEqual(ended, { code: 3, signal: null, stdout: "hello\n", stderr: "" });
  });

  test("arguments arrive as they were given, without a shell", async () => {
    const args = ["a b", "$HOME", "it's", '"q"', "", "*", "ü;&|"];
    const ended = await home.runyard(["run", "--", "printf", "%s\\n", ...args]);
    assert.equal(ended.stdout, `${args.join("\n")}\n`);
  });

  test("variables and the working directory reach the command", async () => {
    const ended = await home.runyard([
      "run",
      "--cwd",
      "/",
      "--env",
      "A=1",
      "--env",
      "B=x=y",
      "--",
      "sh",
      "-c",
      'pwd; echo "$A $B"',
    ]);
    assert.equal(ended.stdout, "/\n1 x=y\n");
  });

  test("binary output arrives byte for byte", async () => {
    const ended = await home.runyard(["run", "--", "sh", "-c", "head -c 3000000 /dev/zero | tr '\\0' x"]);
    assert.equal(ended.stdout.length, 3_000_000);
  });

  test("a program that is not there is refused with its name, and nothing is left", async () => {
    const ended = await home.runyard(["run", "--", "/no/such/program"]);
    assert.equal(ended.code, 1);
    assert.match(ended.stderr, /^runyard: .*\/no\/such\/program/);
    assert.deepEqual(await runsLeft(), []);
  });

  test("--timeout stops the command", async () => {
    const ended = await home.runyard(["run", "--timeout", "1", "--", "sleep", "60"]);
    assert.notEqual(ended.code, 0);
    assert.deepEqual(await runsLeft(), []);
  });

  test("Ctrl-C stops the command and removes its app", async () => {
    const run = home.start(["run", "--", "sleep", "60"]);
    await until(async () => (await runsLeft()).length === 1);
    run.kill("SIGINT");
    assert.equal((await run.ended).code, 130);
    assert.deepEqual(await runsLeft(), []);
  });

  test("a reader that closes early stops the command", async () => {
    const run = home.start(["run", "--", "yes"]);
    run.ended.catch(() => {}); // its output was not read to the end: we are the reader that closes
    run.stdout!.once("data", () => run.stdout!.destroy());
    await until(() => run.exitCode !== null);
    assert.deepEqual(await runsLeft(), []);
  });

  test("login keeps a session that only its owner may read, run uses it, logout ends it", async () => {
    const signedIn = await home.runyard(["login", "--username", "admin", "--password-stdin", "--json"], {
      stdin: `${password}\n`,
    });
    assert.equal(signedIn.code, 0, signedIn.stderr);
    assert.equal(JSON.parse(signedIn.stdout).username, "admin");
    assert.equal(statSync(join(home.path, ".config", "runyard", "credentials.json")).mode & 0o777, 0o600);
    assert.equal((await home.runyard(["run", "--", "true"], { env: { RUNYARD_DATA: "/nowhere" } })).code, 0);
    assert.equal((await home.runyard(["logout"])).code, 0);
    assert.equal((await home.runyard(["run", "--", "true"], { env: { RUNYARD_DATA: "/nowhere" } })).code, 1);
  });

  test("a wrong password is refused and nothing is kept", async () => {
    const refused = await home.runyard(["login", "--username", "admin", "--password-stdin"], { stdin: "wrong" });
    assert.equal(refused.code, 1);
    assert.equal(refused.stdout, "");
    assert.match((await home.runyard(["logout"])).stderr, /not logged in/);
  });

  test("without a terminal login asks for nothing and says which option to use", async () => {
    assert.match((await home.runyard(["login", "--username", "admin"])).stderr, /--password-stdin/);
  });

  test("a wrong token is refused with the way to log in", async () => {
    const refused = await home.runyard(["run", "--", "true"], {
      env: { RUNYARD_URL: line.yard.local.url, RUNYARD_TOKEN: "nonsense" },
    });
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /runyard login/);
  });

  async function runsLeft(): Promise<string[]> {
    const reply = await fetch(`${line.yard.local.url}/appmesh/applications`, {
      headers: { authorization: `Bearer ${line.yard.local.token}` },
    });
    return ((await reply.json()) as { name: string }[])
      .map(({ name }) => name)
      .filter((name) => name.startsWith("run-"));
  }
});

test("a run goes on through a restart of the yard, without a gap", async () => {
  using home = openHome();
  const first = await startYard([], home);
  const { port } = new URL(first.local.url);
  const run = home.start([
    "run",
    "--",
    "sh",
    "-c",
    "i=0; while [ $i -lt 60 ]; do i=$((i+1)); echo $i; sleep 0.05; done; exit 4",
  ]);
  let seen = "";
  run.stdout!.on("data", (chunk) => {
    seen += chunk;
  });
  await until(() => seen.includes("5\n"));
  first.process.kill("SIGTERM");
  assert.equal((await first.process.ended).code, 0);
  await using _second = await startYard(["--listen", `127.0.0.1:${port}`], home);
  assert.equal((await run.ended).code, 4);
  assert.equal(seen, Array.from({ length: 60 }, (_, i) => `${i + 1}\n`).join(""));
});

test("the self-signed certificate of the yard of this machine is trusted, and no other", async () => {
  using home = openHome();
  await using yard = await startYard(["--tls", "self-signed"], home);
  assert.match(yard.local.url, /^https:/);
  assert.equal((await home.runyard(["run", "--", "sh", "-c", "exit 3"])).code, 3);
  const elsewhere = { RUNYARD_DATA: "/nowhere", RUNYARD_URL: yard.local.url, RUNYARD_TOKEN: yard.local.token };
  const refused = await home.runyard(["run", "--", "true"], { env: elsewhere });
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /certificate that is not trusted here/);
  const trusted = await home.runyard(["run", "--ca", join(home.data, "tls", "certificate.pem"), "--", "true"], {
    env: elsewhere,
  });
  assert.equal(trusted.code, 0, trusted.stderr);
});

test("a first start prints where it listens, where the data is and the generated password", async () => {
  using home = openHome();
  const yard = await startYard([], home);
  await yard[Symbol.asyncDispose]();
  const { code, stdout } = await yard.process.ended;
  assert.equal(code, 0);
  assert.ok(stdout.includes(yard.local.url));
  assert.ok(stdout.includes(home.data));
  assert.match(stdout, /password/i);
  assert.match(stdout, /runyard run/);
});

test("the audit log of a stopped yard can be verified", async () => {
  using home = openHome();
  await (await startYard([], home))[Symbol.asyncDispose]();
  const verified = await home.runyard(["audit", "verify", "--json"]);
  assert.equal(verified.code, 0, verified.stderr);
  assert.equal(JSON.parse(verified.stdout).ok, true);
});

test("config shows where a setting comes from, and no secret", async () => {
  using home = openHome();
  const { code, stdout } = await home.runyard(["config", "--json", "--admin-password", password]);
  assert.equal(code, 0);
  assert.ok(stdout.includes(home.data));
  assert.ok(!stdout.includes(password));
});

testMisuse(
  { args: ["nope"], says: /unknown command/ },
  { args: ["run"], says: /no command/ },
  { args: ["run", "--timeout", "soon", "--", "true"], says: /whole number of seconds/ },
  { args: ["run", "--env", "novalue", "--", "true"], says: /KEY=value/ },
  { args: ["config", "--nope"], says: /unknown option/ },
  { args: ["config"], env: { RUNYARD_LISTEN: "nowhere:at:all" }, says: /RUNYARD_LISTEN|listen/ },
);

testHelp("serve", "agent", "run", "login", "logout", "config", "audit", "version");
