import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { json, text } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { until } from "../src/platform/testing/until.ts";
import { testHelp, testMisuse, withBelow } from "./support/command-usage.ts";
import { useCommandYard } from "./support/command-yard.ts";
import { openHome } from "./support/home.ts";
import { lyingYard } from "./support/lying-yard.ts";
import { seenProcesses } from "./support/processes.ts";

const nobody = "00000000-0000-4000-8000-000000000000";

describe("tasks on a running yard", () => {
  const line = useCommandYard();
  const { home, done } = line;
  let worker: ReturnType<typeof home.start>;
  before(() => {
    worker = home.start(["worker", "--slots", "2", "--tag", "mine", "--grace", "1s"]);
  });
  after(async () => {
    worker.kill("SIGTERM");
    await worker.ended;
  });

  const submit = async (...args: string[]) => (await done(["task", "submit", ...args])).trim();
  const shown = async (uuid: string) => JSON.parse(await done(["task", "show", "--json", uuid]));

  test("run prints what the command printed, each where it belongs, and exits with its code", async () => {
    const ended = await home.runyard(["task", "run", "--", "sh", "-c", "echo hello; echo oops >&2; exit 3"]);
    assert.deepEqual(ended, { code: 3, signal: null, stdout: "hello\n", stderr: "oops\n" });
  });

  test("arguments and variables arrive as they were given", async () => {
    const args = ["a b", "$HOME", "it's", "", "*", "ü;&|"];
    const printed = await done([
      "task",
      "run",
      "--env",
      "A=x=y",
      "--",
      "sh",
      "-c",
      'echo "$A"; printf "%s\\n" "$@"',
      "-",
      ...args,
    ]);
    assert.equal(printed, `x=y\n${args.join("\n")}\n`);
  });

  test("binary output arrives byte for byte", async () => {
    const ended = await home.runyard(["task", "run", "--", "sh", "-c", "head -c 3000000 /dev/zero | tr '\\0' x"]);
    assert.equal(ended.stdout, "x".repeat(3_000_000));
  });

  test("a command that runs out of time, is killed or is not there says so", async () => {
    const late = await home.runyard(["task", "run", "--timeout", "1s", "--", "sleep", "60"]);
    assert.equal(late.code, 1);
    assert.match(late.stderr, /^runyard: task .* has ended early: it ran out of time\n$/);
    assert.equal((await home.runyard(["task", "run", "--", "sh", "-c", "kill -9 $$"])).code, 137);
    assert.equal((await home.runyard(["task", "run", "--", "/no/such/program"])).code, 127);
  });

  test("Ctrl-C cancels the task, and what it runs ends", async () => {
    const running = home.start(["task", "run", "--label", "interrupted", "--", "sleep", "4321"]);
    const isRunning = () => seenProcesses().some(({ command }) => command === "sleep 4321");
    await until(isRunning, { timeoutMs: 20_000, what: "the command runs" });
    running.kill("SIGINT");
    assert.deepEqual(await running.ended, { code: 130, signal: null, stdout: "", stderr: "" });
    const [task] = JSON.parse(await done(["task", "ls", "--json", "--label", "interrupted"]));
    assert.deepEqual([task.state, task.result.msg], ["Cancelled", "UserCancellation"]);
    await until(() => !isRunning(), { timeoutMs: 20_000, what: "the command has ended" });
  });

  test("whoever waits for a worker that is not there is told which one would do", async () => {
    const running = home.start(["task", "run", "--tag", "none", "--", "true"]);
    const [said] = await once(running.stderr!, "data");
    assert.match(
      String(said),
      /^runyard: task .* waits for a worker that is free, serves admin and has the tags none\. Look: /,
    );
    running.kill("SIGINT");
    assert.equal((await running.ended).code, 130);
  });

  test("a submitted task is shown, listed, waited for, and what it left is fetched", async () => {
    const uuid = await submit(
      ...["--label", "kept", "--priority", "-3", "--timeout", "1h 30min", "--capture", "--tag", "mine"],
      ...["--", "sh", "-c", 'echo said; echo left > "$MITO_RESULT_DIR/file"'],
    );
    assert.equal(await done(["task", "logs", "--wait", uuid]), "said\n");
    const { info } = await shown(uuid);
    assert.deepEqual(
      [info.state, info.result.exit_status, info.priority, info.timeout, info.labels, info.tags],
      ["Finished", 0, -3, 5_400, ["kept"], ["mine"]],
    );
    const described = await done(["task", "show", uuid]);
    assert.match(described, /\n {2}result +it exited with 0\n {2}command +sh -c /);
    assert.match(
      await done(["task", "ls", "--label", "kept", "--state", "finished"]),
      new RegExp(`\n${uuid} +finished +0 `),
    );
    assert.match(await done(["task", "artifacts", uuid]), /^TYPE .*\nresult +\d+ B .*\nstd-log +\d+ B /);

    const file = join(home.path, "left.tar.gz");
    await done(["task", "artifacts", "--get", "result", "-o", file, uuid]);
    assert.match(gunzipSync(readFileSync(file)).toString("latin1"), /result\/file.*left\n/s);
    const again = await home.runyard(["task", "artifacts", "--get", "result", "-o", file, uuid]);
    assert.match(again.stderr, /there is a file .* already\. Replace it with --force/);
    await done(["task", "artifacts", "--force", "--get", "result", "-o", file, uuid]);
    const none = await home.runyard(["task", "artifacts", "--get", "exec-log", uuid]);
    assert.deepEqual([none.code, none.stdout], [1, ""]);
    assert.match(none.stderr, /has left no exec-log/);
  });

  test("a task begins when the one that it watches for is over", async () => {
    const [mark, proof] = [join(home.path, "mark"), join(home.path, "proof")];
    const first = await submit("--", "sh", "-c", `sleep 1; touch '${mark}'`);
    const second = await submit("--watch-for", first, "--", "sh", "-c", `test -e '${mark}' && touch '${proof}'`);
    assert.deepEqual((await shown(second)).info.spec.watch, [first, "TaskCommitted"]);
    await home.runyard(["task", "logs", "--wait", second]);
    assert.ok(existsSync(proof));
  });

  test("output that is not there yet, or was not kept, is told apart", async () => {
    const waiting = await submit("--capture", "--tag", "none", "--", "true");
    assert.match(
      (await home.runyard(["task", "logs", waiting])).stderr,
      /It is ready: what it prints comes when it has/,
    );
    const silent = await submit("--", "true");
    const ended = await home.runyard(["task", "logs", "--wait", silent]);
    assert.match(ended.stderr, /^runyard: there is no output of task .*without --capture/);
    await done(["task", "cancel", waiting]);
  });

  test("tasks are cancelled by their UUIDs and by their labels", async () => {
    const one = await submit("--tag", "none", "--", "a");
    const batch = [
      await submit("--tag", "none", "--label", "batch", "--", "b"),
      await submit("--tag", "none", "--label", "batch", "--", "c"),
    ];
    const ended = await home.runyard(["task", "cancel", one, nobody]);
    assert.deepEqual([ended.code, ended.stdout], [1, `${one} is cancelled.\n`]);
    assert.match(ended.stderr, new RegExp(`^runyard: ${nobody}: `));
    assert.equal(await done(["task", "cancel", "--label", "batch"]), "2 tasks are cancelled.\n");
    for (const uuid of [one, ...batch]) assert.equal((await shown(uuid)).info.state, "Cancelled");
  });

  test("the newest come first, and what is not shown is counted", async () => {
    for (const name of ["1", "2", "3"]) await submit("--tag", "none", "--label", "aged", "--", name);
    const listed = await home.runyard(["task", "ls", "--label", "aged", "-n", "2"]);
    const commands = listed.stdout.split("\n").map((line) => line.split(/ {2,}/).at(-1)?.trim());
    assert.deepEqual(commands, ["COMMAND", "3", "2", ""]);
    assert.equal(listed.stderr, "1 more are not shown: see --limit.\n");
    await done(["task", "cancel", "--label", "aged"]);
  });

  test("a yard that is killed while a task runs is waited for", async () => {
    const running = home.start(["task", "run", "--", "sh", "-c", "sleep 3.21; echo survived"]);
    await until(() => seenProcesses().some(({ command }) => command === "sleep 3.21"), { timeoutMs: 20_000 });
    await line.yard.kill();
    await line.yard.start();
    const ended = await running.ended;
    assert.deepEqual([ended.code, ended.stdout], [0, "survived\n"]);
  });

  describe("attachments", () => {
    const keys = ["with space", "größe/日本", "query", "a+b&c=d#e?f%20"];
    for (const [index, key] of keys.entries())
      test(`go up and come down under the key ${key}`, async () => {
        const [up, down] = [join(home.path, `up-${index}`), join(home.path, `down-${index}`)];
        writeFileSync(up, Buffer.alloc(100_000 * index, key));
        assert.match(await done(["attachment", "put", up, key]), /is there: /);
        assert.match(await done(["attachment", "put", up, key]), /is replaced: /);
        await done(["attachment", "get", key, down]);
        assert.ok(readFileSync(down).equals(readFileSync(up)));
        assert.match((await home.runyard(["attachment", "rm", key])).stderr, /may still be under way/);
        await done(["attachment", "rm", "--admin", key]);
        assert.match((await home.runyard(["attachment", "get", key, down])).stderr, /has no attachment/);
      });

    test("are listed, and reach a task", async () => {
      const file = join(home.path, "data.csv");
      writeFileSync(file, "a\nb\n");
      await done(["attachment", "put", file, "sets/"]);
      assert.match(await done(["attachment", "ls", "sets/"]), /^KEY .*\nsets\/data\.csv +4 B +\d+s ago\n$/);
      assert.equal(await done(["attachment", "get", "sets/data.csv", "-"]), "a\nb\n");
      const resource = "in/data.csv=attachment:sets/data.csv";
      const printed = await done([
        "task",
        "run",
        "--resource",
        resource,
        "--",
        "sh",
        "-c",
        'cat "$MITO_RESOURCE_DIR/in/data.csv"',
      ]);
      assert.equal(printed, "a\nb\n");
    });

    test("never replace a file that is there, unless that is asked for", async () => {
      const file = join(home.path, "mine");
      writeFileSync(file, "theirs");
      await done(["attachment", "put", file]);
      writeFileSync(file, "mine");
      const ended = await home.runyard(["attachment", "get", "mine"]);
      assert.deepEqual([ended.code, readFileSync(file, "utf8")], [1, "mine"]);
      await done(["attachment", "get", "--force", "mine"]);
      assert.equal(readFileSync(file, "utf8"), "theirs");
      assert.deepEqual(
        readdirSync(home.path).filter((name) => name.endsWith(".unfinished")),
        [],
      );
    });

    test("under a key that is no name are written nowhere by themselves", async () => {
      for (const key of ["sets/..", "-", "sets/"]) {
        const ended = await home.runyard(["attachment", "get", key]);
        assert.match(ended.stderr, /is no name for a file/);
      }
    });
  });

  test("groups are made, filled and shown", async () => {
    await done(["group", "create", "crew"]);
    assert.deepEqual(JSON.parse(await done(["group", "ls", "--json"])), { admin: "Admin", crew: "Admin" });
    assert.match(await done(["group", "ls"]), /^GROUP +ROLE\nadmin +Admin\ncrew +Admin\n$/);
    const unknown = await home.runyard(["group", "add", "crew", "nobody"]);
    assert.match(unknown.stderr, /There is no user "nobody"; nothing was changed/);
    assert.match((await home.runyard(["group", "remove", "crew", "admin"])).stderr, /no admin left/);
    assert.match(
      await done(["group", "show", "crew"]),
      /^crew\n {2}made by +admin\n.*\n {2}members +admin \(Admin\)\n$/s,
    );
    assert.equal((await home.runyard(["group", "show", "none"])).code, 1);
  });

  test("workers are listed, drained and removed", async () => {
    const listed = async (): Promise<{ worker_id: string }[]> =>
      JSON.parse(await done(["worker", "ls", "--json", "--label", "spare"]));
    const spares = [1, 2].map(() =>
      home.start(["worker", "--slots", "1", "--tag", "spare", "--label", "spare", "--grace", "1s"]),
    );
    await until(async () => (await listed()).length === 2, { timeoutMs: 20_000, what: "both have registered" });
    const [one, two] = await listed();
    assert.match(
      await done(["worker", "ls", "--tag", "spare"]),
      /^ID .*\n[-0-9a-f]+ +idle +\d+s ago +spare +spare +admin/,
    );
    assert.match(await done(["worker", "drain", one!.worker_id]), /gets no more tasks/);
    assert.deepEqual(JSON.parse(await done(["worker", "rm", "--json", two!.worker_id])), [two!.worker_id]);
    assert.equal((await home.runyard(["worker", "rm", nobody])).code, 1);
    for (const spare of spares) spare.kill("SIGTERM");
    await Promise.all(spares.map((spare) => spare.ended));
    assert.deepEqual(await listed(), []);
  });
});

test("a submission whose answer is lost is repeated under the same key", async () => {
  using home = openHome();
  const seen: { key: unknown; body: unknown }[] = [];
  await using yard = await lyingYard(async (request, reply) => {
    if (request.url === "/auth") return void reply.end("ada");
    seen.push({ key: request.headers["idempotency-key"], body: await json(request) });
    if (seen.length === 1) reply.destroy();
    else reply.end(JSON.stringify({ task_id: 1, uuid: nobody }));
  });
  const ended = await home.runyard(["task", "submit", "--", "true"], { env: yard.env });
  assert.deepEqual([ended.code, ended.stdout], [0, `${nobody}\n`]);
  assert.equal(seen.length, 2);
  assert.deepEqual(seen[1], seen[0]);
  assert.match(String(seen[0]?.key), /^[-0-9a-f]{36}$/);
});

test("the URL for an upload is sent the file alone, and no credential", async () => {
  using home = openHome();
  const puts: { authorization: unknown; length: unknown; body: string }[] = [];
  await using store = await lyingYard(async (request, reply) => {
    const { authorization, "content-length": length } = request.headers;
    puts.push({ authorization, length, body: await text(request) });
    reply.statusCode = puts.length === 1 ? 200 : 403;
    reply.end("<Error><Code>AccessDenied</Code><Message>The signature is too old.</Message></Error>");
  });
  await using yard = await lyingYard((request, reply) => {
    if (request.url === "/auth") reply.end("ada");
    else reply.end(JSON.stringify({ url: `${store.url}/bucket/key?signature=1`, exist: false }));
  });
  mkdirSync(join(home.path, "files"));
  const file = join(home.path, "files", "data");
  writeFileSync(file, "content");
  const first = await home.runyard(["attachment", "put", file], { env: yard.env });
  assert.equal(first.stdout, "data of ada is there: 7 B.\n");
  assert.deepEqual(puts, [{ authorization: undefined, length: "7", body: "content" }]);
  const second = await home.runyard(["attachment", "put", file], { env: yard.env });
  assert.deepEqual([second.code, second.stderr], [1, "runyard: The signature is too old.\n"]);
});

test("a download that breaks off leaves nothing", async () => {
  using home = openHome();
  await using yard = await lyingYard((request, reply) => {
    if (request.url === "/auth") reply.end("ada");
    else if (request.method === "POST")
      reply.end(
        JSON.stringify({ downloads: [{ key: "data", url: `http://${request.headers.host}/there`, size: 100 }] }),
      );
    else {
      reply.writeHead(200, { "content-length": "100" }).write("only this");
      setTimeout(() => reply.destroy(), 50);
    }
  });
  const ended = await home.runyard(["attachment", "get", "data"], { env: yard.env });
  assert.match(ended.stderr, /^runyard: the connection to http:.* broke off\. Try again\.\n$/);
  assert.deepEqual(
    readdirSync(home.path).filter((name) => name.includes("data")),
    [],
  );
});

for (const args of [
  ["task", "ls"],
  ["task", "run", "--", "true"],
  ["task", "submit", "--group", "g", "--", "true"],
])
  test(`${args.join(" ")} does not wait for a yard that was never there`, async () => {
    using home = openHome();
    const env = { RUNYARD_URL: "http://127.0.0.1:9", RUNYARD_TOKEN: "x" };
    const ended = await home.runyard(args, { env });
    assert.equal(ended.code, 1);
    assert.match(ended.stderr, /^runyard: cannot connect to http:\/\/127\.0\.0\.1:9 /);
  });

testMisuse(
  { args: ["task", "run"], says: /no command/ },
  { args: ["task", "submit"], says: /no command/ },
  { args: ["task", "submit", "--priority", "high", "--", "true"], says: /whole number/ },
  { args: ["task", "submit", "--priority", "2147483648", "--", "true"], says: /32 bits/ },
  { args: ["task", "submit", "--timeout", "5", "--", "true"], says: /looks like 90s/ },
  { args: ["task", "submit", "--resource", "a", "--", "true"], says: /attachment:KEY/ },
  { args: ["task", "submit", "--resource", "a=artifact:x/result", "--", "true"], says: /TASK\/TYPE/ },
  { args: ["task", "submit", "--watch-for", "soon", "--", "true"], says: /looks like TASK/ },
  { args: ["task", "ls", "--state", "done"], says: /pending, ready/ },
  { args: ["task", "cancel"], says: /name tasks/ },
  { args: ["task", "cancel", "--label", "a", nobody], says: /name tasks/ },
  { args: ["task", "artifacts", "--get", "all", nobody], says: /result, exec-log/ },
  { args: ["group", "add", "--role", "owner", "crew", "ada"], says: /Read, Write, Admin/ },
);

testHelp(
  ...withBelow("task", "run", "submit", "map", "ls", "show", "logs", "cancel", "artifacts"),
  ...withBelow("attachment", "put", "get", "ls", "rm"),
  ...withBelow("group", "ls", "create", "show", "add", "remove"),
  ...withBelow("worker", "ls", "drain", "rm"),
);
