/** A worker of ours at a yard of ours: what becomes of a task, whatever it does. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { createLog } from "../src/platform/log.ts";
import { mountSmallDisk } from "../src/platform/testing/small-disk.ts";
import { until } from "../src/platform/testing/until.ts";
import { type MitosisYard, newTask, openMitosis } from "./support/mitosis.ts";
import { mainProcesses, markVariable } from "./support/processes.ts";
import { startTestWorker, type TestWorkerOptions, workerHomes } from "./support/worker.ts";

interface Shown {
  readonly info: {
    readonly state: string;
    readonly result: { readonly exit_status: number; readonly msg: string | null } | null;
    readonly reporter_uuid: string | null;
    readonly downstream_task_uuid: string | null;
  };
  readonly artifacts: readonly { readonly content_type: string; readonly size: number }[];
}

let mitosis: MitosisYard;
before(async () => {
  mitosis = await openMitosis();
});
after(() => mitosis[Symbol.asyncDispose]());

/** Tags, and marks for processes, that no other test has. */
let tests = 0;
const own = () => `worker-test-${process.pid}-${++tests}`;
const work = (tag: string, options: TestWorkerOptions = {}) =>
  startTestWorker({ url: mitosis.url, token: mitosis.tokens.ben }, { tags: [tag], ...options });

async function submit(tag: string, spec: object, fields: object = {}): Promise<string> {
  const task = newTask({ tags: [tag], task_spec: spec, ...fields });
  return (await mitosis.as<{ uuid: string }>("ben", "POST", "/tasks", task)).uuid;
}

const shown = (uuid: string) => mitosis.as<Shown>("cyd", "GET", `/tasks/${uuid}`);

async function over(uuid: string): Promise<Shown> {
  return until(
    async () => {
      const reply = await mitosis.ask<Shown>("GET", `/tasks/${uuid}`, {
        token: mitosis.tokens.cyd,
        headers: { prefer: "wait=20" },
      });
      return reply.json.info.result ? reply.json : undefined;
    },
    { what: `the task ${uuid} is over` },
  );
}

const resultOf = async (uuid: string) => {
  const { state, result } = (await over(uuid)).info;
  return [state, result?.exit_status, result?.msg];
};

async function artifact(uuid: string, type: string): Promise<Buffer> {
  const { url } = await mitosis.as<{ url: string }>("ben", "GET", `/tasks/${uuid}/download/artifacts/${type}`);
  return Buffer.from(await (await fetch(url)).arrayBuffer());
}

const listing = (archive: Buffer) =>
  execFileSync("tar", ["-tzf", "-"], { input: archive }).toString().trim().split("\n").sort();
const fileIn = (archive: Buffer, name: string) =>
  execFileSync("tar", ["-xzOf", "-", name], { input: archive, maxBuffer: 512 * 1024 ** 2 });

test("a command's end is told as waitpid gives it", async () => {
  const tag = own();
  await using _worker = work(tag);
  const ends = [
    [{ args: ["true"] }, 0],
    [{ args: ["sh", "-c", "exit 3"] }, 768],
    [{ args: ["sh", "-c", "kill -SEGV $$"] }, 11],
    [{ args: ["no-such-program-anywhere"] }, 32_512],
    [{ args: [] }, 0],
    [{ args: ["GREETING=hello", "sh", "-c", 'test "$GREETING" = hello'] }, 0],
  ] as const;
  const uuids = await Promise.all(ends.map(([spec]) => submit(tag, spec)));
  for (const [i, [, status]] of ends.entries()) assert.deepEqual(await resultOf(uuids[i]!), ["Finished", status, null]);
});

test("what a command prints, and leaves in its directories, becomes artifacts; then nothing of it is here any more", async () => {
  const tag = own();
  await using worker = work(tag);
  const script = [
    "echo out; echo err >&2",
    "echo content > $MITO_RESULT_DIR/file; mkdir $MITO_RESULT_DIR/empty; ln -s file $MITO_RESULT_DIR/link",
    "ln -s nowhere $MITO_RESULT_DIR/dangling; ln -s . $MITO_RESULT_DIR/circle; echo log > $MITO_EXEC_DIR/log",
    "mkdir -p closed/inside; mkdir $MITO_RESOURCE_DIR/closed; chmod 0 $MITO_RESOURCE_DIR/closed",
  ].join("\n");
  const uuid = await submit(tag, { args: ["sh", "-ec", script], terminal_output: true });
  assert.deepEqual(await resultOf(uuid), ["Finished", 0, null]);
  const std = await artifact(uuid, "std-log");
  assert.deepEqual(listing(std), ["std-log", "std-log/stderr.log", "std-log/stdout.log"]);
  assert.deepEqual(
    [`${fileIn(std, "std-log/stdout.log")}`, `${fileIn(std, "std-log/stderr.log")}`],
    ["out\n", "err\n"],
  );
  const result = await artifact(uuid, "result");
  assert.deepEqual(listing(result), ["result", "result/dangling", "result/empty", "result/file", "result/link"]);
  assert.equal(`${fileIn(result, "result/link")}`, "content\n");
  assert.deepEqual(listing(await artifact(uuid, "exec-log")), ["exec-log", "exec-log/log"]);
  const [home = ""] = workerHomes(worker.directory).filter((name) => /^\d+-/.test(name));
  await until(() => readdirSync(join(worker.directory, home, "tasks")).length === 0);
  worker.stop({ graceMs: 0 });
  await worker.ended;
  assert.deepEqual(workerHomes(worker.directory), ["closed"]); // made by the command itself, where it began
});

test("a command knows its directories and its task, and none of the worker's own settings", async () => {
  const tag = own();
  await using _worker = work(tag);
  const uuid = await submit(tag, {
    args: ["env"],
    envs: { MINE: "x", MITO_TASK_UUID: "forged" },
    terminal_output: true,
  });
  await over(uuid);
  const text = `${fileIn(await artifact(uuid, "std-log"), "std-log/stdout.log")}`;
  const variables = new Map(text.split("\n").map((line) => line.split(/=(.*)/s) as [string, string]));
  assert.equal(variables.get("MINE"), "x");
  assert.equal(variables.get("MITO_TASK_UUID"), uuid);
  for (const name of ["RESULT_DIR", "EXEC_DIR", "RESOURCE_DIR", "NEW_TASK"])
    assert.match(variables.get(`MITO_${name}`)!, /^\//);
  assert.equal(variables.get("MITO_UPSTREAM_TASK_UUID"), undefined);
});

test("a command is anything that env takes, whether its output is kept or not", async () => {
  const tag = own();
  await using worker = work(tag);
  const script = join(worker.directory, "script");
  writeFileSync(script, "exit 5\n", { mode: 0o700 });
  for (const [args, status] of [
    [["sh", "-c", "exit 3"], 3],
    [["/bin/sh", "-c", "exit 4"], 4],
    [["A=b", "sh", "-c", "test $A = b"], 0],
    [["-u", "HOME", "sh", "-c", "test -z $HOME"], 0],
    [[script], 5], // without a first line that says what reads it
    [["/no/such/program"], 127],
    [["no-such-program"], 127],
    [["/etc/passwd"], 126],
  ] as const)
    for (const terminal_output of [false, true]) {
      const uuid = await submit(tag, { args, terminal_output });
      assert.deepEqual(await resultOf(uuid), ["Finished", status << 8, null], `${args} ${terminal_output}`);
    }
});

test("a command that takes too long is ended with all it has started", async () => {
  const tag = own();
  await using _worker = work(tag);
  const spec = {
    args: ["sh", "-c", "echo before; sleep 300 & setsid sleep 300 & sleep 300"],
    envs: { [markVariable]: tag },
  };
  const uuid = await submit(tag, { ...spec, terminal_output: true }, { timeout: "500ms" });
  const late = await submit(tag, { ...spec, terminal_output: true }, { timeout: "1s" });
  assert.deepEqual(await resultOf(uuid), ["Cancelled", 15, "ExecTimeout"]);
  assert.deepEqual(await resultOf(late), ["Cancelled", 15, "ExecTimeout"]);
  assert.equal(`${fileIn(await artifact(late, "std-log"), "std-log/stdout.log")}`, "before\n");
  await until(() => mainProcesses(tag).length === 0);
});

test("a running task that is cancelled ends at once, and its slot is free", async () => {
  const tag = own();
  await using _worker = work(tag, { slots: 1 });
  const uuid = await submit(tag, { args: ["sleep", "300"], envs: { [markVariable]: tag } });
  await until(() => mainProcesses(tag).length > 0);
  await mitosis.as("ben", "DELETE", `/tasks/${uuid}`);
  assert.deepEqual(await resultOf(uuid), ["Cancelled", 0, "UserCancellation"]);
  await until(() => mainProcesses(tag).length === 0, { timeoutMs: 8_000 });
  assert.deepEqual(await resultOf(await submit(tag, { args: ["true"] })), ["Finished", 0, null]);
});

test("resources are there before the command starts; what is missing cancels the task", async () => {
  const tag = own();
  await using _worker = work(tag);
  const first = await submit(tag, { args: ["sh", "-c", "echo made > $MITO_RESULT_DIR/x"] });
  await over(first);
  const content = "a file\n";
  const { url } = await mitosis.as<{ url: string }>("ben", "POST", "/groups/crew/attachments", {
    ...{ key: "data/für alle.txt", content_length: content.length },
  });
  assert.ok((await fetch(url, { method: "PUT", body: content })).ok);
  const resources = [
    { remote_file: { Attachment: { key: "data/für alle.txt" } }, local_path: "deep/in/file.txt" },
    { remote_file: { Artifact: { uuid: first, content_type: "result" } }, local_path: "result.tar.gz" },
  ];
  const script = "cat deep/in/file.txt; tar xzOf result.tar.gz result/x";
  const uuid = await submit(tag, {
    args: ["sh", "-ec", `cd $MITO_RESOURCE_DIR; ${script}`],
    resources,
    terminal_output: true,
  });
  assert.deepEqual(await resultOf(uuid), ["Finished", 0, null]);
  assert.equal(`${fileIn(await artifact(uuid, "std-log"), "std-log/stdout.log")}`, `${content}made\n`);
  const missing = [{ remote_file: { Attachment: { key: "no such" } }, local_path: "x" }];
  const cancelled = await submit(tag, { args: ["true"], resources: missing });
  assert.deepEqual(await resultOf(cancelled), ["Cancelled", 0, "ResourceNotFound"]);
});

test("a task waits for another one to come as far as it says", async () => {
  const tag = own();
  await using worker = work(tag, { slots: 2 });
  const gate = join(worker.directory, "gate");
  const first = await submit(tag, { args: ["sh", "-c", `until test -e ${gate}; do sleep 0.02; done`] });
  const second = await submit(tag, { args: ["sh", "-c", `test -e ${gate}`], watch: [first, "ExecFinished"] });
  await until(async () => (await shown(second)).info.state === "Running");
  execFileSync("touch", [gate]);
  assert.deepEqual(await resultOf(second), ["Finished", 0, null]);
});

test("a command submits the task that follows it", async () => {
  const tag = own();
  await using _worker = work(tag);
  const next = newTask({ tags: [tag], task_spec: { args: ["sh", "-c", 'test -n "$MITO_UPSTREAM_TASK_UUID"'] } });
  const follow = (text: string) =>
    submit(tag, { args: ["sh", "-c", 'printf %s "$NEXT" > $MITO_NEW_TASK'], envs: { NEXT: text } });
  const { info } = await over(await follow(JSON.stringify(next)));
  assert.deepEqual([info.state, info.result?.msg], ["Finished", null]);
  assert.deepEqual(await resultOf(info.downstream_task_uuid!), ["Finished", 0, null]);
  for (const text of ["no JSON", "[]", '{"group_name":"crew"}', JSON.stringify({ ...next, group_name: "others" })])
    assert.deepEqual(await resultOf(await follow(text)), ["Finished", 0, "SubmitNewTaskFailed"], text);
  assert.deepEqual(await resultOf(await follow(" \n")), ["Finished", 0, null]);
});

test("ten thousand files are one archive", async () => {
  const tag = own();
  await using _worker = work(tag);
  const script = "cd $MITO_RESULT_DIR; i=0; while [ $i -lt 10000 ]; do : > f$i; i=$((i+1)); done";
  const uuid = await submit(tag, { args: ["sh", "-c", script] });
  assert.deepEqual(await resultOf(uuid), ["Finished", 0, null]);
  assert.equal(listing(await artifact(uuid, "result")).length, 10_001);
});

test("hundreds of megabytes of output pass through no memory of the worker's", async () => {
  const tag = own();
  await using _worker = work(tag);
  const bytes = 256 * 1024 ** 2;
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  let most = 0;
  const look = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss);
  }, 20);
  const uuid = await submit(tag, { args: ["sh", "-c", `yes | head -c ${bytes}`], terminal_output: true });
  await over(uuid);
  clearInterval(look);
  assert.ok(most - before < bytes / 2, `grew by ${(most - before) / 1024 ** 2} MiB`);
  assert.equal(gunzipSync(await artifact(uuid, "std-log")).length > bytes, true);
});

test("of output beyond its bound the end is kept", async () => {
  const tag = own();
  await using _worker = work(tag, { maxOutputBytes: 1024 ** 2 });
  const uuid = await submit(tag, { args: ["sh", "-c", "seq 1000001 2000000; sleep 0.5"], terminal_output: true });
  await over(uuid);
  const text = `${fileIn(await artifact(uuid, "std-log"), "std-log/stdout.log")}`;
  assert.ok(text.length <= 1.2 * 1024 ** 2 && text.length > 512 * 1024, `${text.length} bytes`);
  assert.ok(text.endsWith("1999999\n2000000\n"));
});

test("a team without quota loses its artifacts, not the end of its task", async () => {
  const tag = own();
  await using _worker = work(tag);
  await mitosis.as("admin", "POST", "/admin/groups/crew/storage-quota", { storage_quota: "-15GB" });
  const { storage_quota } = await mitosis.as<{ storage_quota: number }>(
    "admin",
    "POST",
    "/admin/groups/crew/storage-quota",
    {
      storage_quota: "-1GB",
    },
  );
  try {
    const uuid = await submit(tag, {
      args: ["sh", "-c", "echo x > $MITO_RESULT_DIR/x; exit 4"],
      terminal_output: true,
    });
    const { info, artifacts } = await over(uuid);
    assert.deepEqual([info.state, info.result, artifacts], ["Finished", { exit_status: 1024, msg: null }, []]);
  } finally {
    assert.ok(storage_quota <= 0);
    await mitosis.as("admin", "POST", "/admin/groups/crew/storage-quota", { storage_quota: "=16GB" });
  }
});

test("a worker on a full disk says so and takes nothing, until there is space", async (context) => {
  using disk = mountSmallDisk(context, { sizeMiB: 32 });
  if (disk === undefined) return;
  const tag = own();
  const lines: string[] = [];
  const log = createLog({ level: "info", destination: { write: (line) => void lines.push(line) } });
  const filler = join(disk.path, "filler");
  writeFileSync(filler, Buffer.alloc(24 * 1024 ** 2));
  await using worker = work(tag, { directory: join(disk.path, "worker"), log });
  const uuid = await submit(tag, { args: ["sh", "-c", "echo x > $MITO_RESULT_DIR/x"] });
  await until(() => lines.some((line) => line.includes("the disk is full")));
  assert.equal((await shown(uuid)).info.state, "Ready");
  rmSync(filler);
  assert.deepEqual(await resultOf(uuid), ["Finished", 0, null]);
  worker.stop({ graceMs: 0 });
  await worker.ended;
});

test("many tasks share few slots, and each runs once", async () => {
  const tag = own();
  await using worker = work(tag, { slots: 4 });
  const log = join(worker.directory, "log");
  const task_spec = { args: ["sh", "-c", `echo $MITO_TASK_UUID >> ${log}`] };
  const tasks = Array.from({ length: 100 }, () => newTask({ tags: [tag], task_spec }));
  const { results } = await mitosis.as<{ results: { Ok: { uuid: string } }[] }>("ben", "POST", "/tasks/submit", {
    tasks,
  });
  const uuids = results.map(({ Ok }) => Ok.uuid);
  for (const uuid of uuids) await over(uuid);
  const ran = execFileSync("cat", [log]).toString().trim().split("\n");
  assert.deepEqual(ran.sort(), uuids.sort());
});

test("stopped, it finishes what runs and takes no more; killed, it gives it back", async () => {
  const tag = own();
  const spec = { args: ["sleep", "1"], envs: { [markVariable]: tag } };
  await using first = work(tag, { slots: 1 });
  const [one, two] = [await submit(tag, spec), await submit(tag, spec)];
  await until(() => mainProcesses(tag).length > 0);
  first.stop({ graceMs: 20_000 });
  await first.ended;
  assert.equal((await shown(one)).info.state, "Finished");
  assert.equal((await shown(two)).info.state, "Ready");
  await using second = work(tag, { slots: 1 });
  await until(() => mainProcesses(tag).length > 0);
  second.kill();
  await second.ended;
  assert.equal((await shown(two)).info.state, "Ready");
  assert.deepEqual(mainProcesses(tag), []);
});

test("a worker that somebody drains ends with its last task; one that somebody removes stays away", async () => {
  const tag = own();
  const query = { group_name: "crew", tags: [tag], count: false };
  const workers = async () =>
    (await mitosis.as<{ workers: { worker_id: string }[] }>("ben", "POST", "/workers/query", query)).workers;
  const busyWorker = async (args: readonly string[]) => {
    const uuid = await submit(tag, { args, envs: { [markVariable]: tag } });
    await until(() => mainProcesses(tag).length > 0);
    const [{ worker_id: worker }] = (await workers()) as [{ worker_id: string }];
    return { uuid, worker };
  };
  await using drained = work(tag);
  const first = await busyWorker(["sleep", "1"]);
  await mitosis.as("ben", "DELETE", `/workers/${first.worker}?op=graceful`);
  await drained.ended;
  assert.equal((await shown(first.uuid)).info.state, "Finished");
  await using removed = work(tag);
  const second = await busyWorker(["sleep", "300"]);
  await mitosis.as("ben", "DELETE", `/workers/${second.worker}?op=force`);
  await assert.rejects(removed.ended, { code: "unauthenticated" });
  assert.equal((await shown(second.uuid)).info.state, "Ready");
  assert.deepEqual([mainProcesses(tag), await workers()], [[], []]);
});
