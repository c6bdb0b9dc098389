/** Workers and yards that are killed, frozen or upgraded in the middle of tasks. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { askMitosis } from "../src/apis/mitosis/testing.ts";
import { skipUnless } from "../src/platform/testing/parts.ts";
import { temporaryDirectory } from "../src/platform/testing/temporary-directory.ts";
import { until } from "../src/platform/testing/until.ts";
import { openHome } from "./support/home.ts";
import { mainProcesses, markVariable, seenProcesses } from "./support/processes.ts";
import { smallDisk } from "./support/small-disk.ts";
import { workerHomes } from "./support/worker.ts";
import { type RunningYard, startYard } from "./support/yard-process.ts";

interface Shown {
  readonly info: { readonly state: string; readonly reporter_uuid: string | null; readonly result: unknown };
}

let marks = 0;
const newMark = () => `worker-fault-${process.pid}-${++marks}`;

async function submit(yard: RunningYard, args: readonly string[], mark: string): Promise<string> {
  const body = {
    ...{ group_name: "admin", tags: [], labels: [], timeout: "10m", priority: 0 },
    task_spec: { args, envs: { [markVariable]: mark } },
  };
  const reply = await askMitosis<{ uuid: string }>(yard.url, "POST", "/tasks", { token: yard.local.token, body });
  assert.equal(reply.status, 200, reply.text);
  return reply.json.uuid;
}

const shown = async (yard: RunningYard, uuid: string) =>
  (await askMitosis<Shown>(yard.url, "GET", `/tasks/${uuid}`, { token: yard.local.token })).json.info;
const over = (yard: RunningYard, uuid: string) =>
  until(async () => {
    const info = await shown(yard, uuid);
    return info.result ? info : undefined;
  });
/** Appends a line for each run, and waits for a file. */
const gated = (path: string) => ["sh", "-c", `echo run >> ${path}.runs; until test -e ${path}; do sleep 0.05; done`];
const runsOf = (path: string) => readFileSync(`${path}.runs`, "utf8").trim().split("\n").length;

test("a task that is submitted to a fresh yard runs; its own worker goes on while the control plane is upgraded or killed", async () => {
  using directory = temporaryDirectory();
  await using yard = await startYard();
  const mark = newMark();
  const gate = join(directory.path, "gate");
  assert.ok(
    !seenProcesses().some(({ command }) => command.includes(`${yard.data}/worker`)),
    "no worker without a task",
  );
  const uuid = await submit(yard, gated(gate), mark);
  await until(() => mainProcesses(mark).length > 0);
  await yard.stop("SIGTERM");
  await yard.start();
  assert.equal((await shown(yard, uuid)).state, "Running");
  await yard.kill();
  await yard.start();
  await submit(yard, ["touch", gate], newMark());
  const info = await over(yard, uuid);
  assert.deepEqual([info.state, info.result], ["Finished", { exit_status: 0, msg: null }]);
  assert.equal(runsOf(gate), 1);
  const endless = await submit(yard, ["sleep", "300"], mark);
  await until(() => mainProcesses(mark).length > 0);
  await yard.stop("SIGINT");
  assert.deepEqual(mainProcesses(mark), []);
  assert.deepEqual(workerHomes(join(yard.data, "worker", "runs")), []);
  assert.ok(!seenProcesses().some(({ command, state }) => state !== "Z" && command.includes(`${yard.data}/worker`)));
  await yard.start();
  // Its turn comes again: at once, or, where the worker had no time to take its leave, when its lease of 30 s is over.
  await until(() => mainProcesses(mark).length > 0, { timeoutMs: 90_000 });
  assert.equal((await shown(yard, endless)).state, "Running");
});

test("a worker that is killed leaves its task to another, and what it ran is ended by the next one", async () => {
  using directory = temporaryDirectory();
  using home = openHome();
  await using yard = await startYard(["--worker-slots", "0"]);
  const mark = newMark();
  const gate = join(directory.path, "gate");
  const start = () =>
    home.start([
      "worker",
      "--yard-directory",
      yard.data,
      "--directory",
      directory.path,
      "--slots",
      "1",
      "--lease",
      "10m",
    ]);
  const first = start();
  const uuid = await submit(yard, gated(gate), mark);
  const [main] = await until(() => {
    const found = mainProcesses(mark);
    return found.length > 0 ? found : undefined;
  });
  first.kill("SIGKILL");
  await first.ended;
  assert.ok(existsSync(`/proc/${main?.pid}`), "a task outlives its worker's death");
  const second = start();
  await until(() => runsOf(gate) === 2); // long before the lease is over
  assert.equal(mainProcesses(mark).filter(({ pid }) => pid === main?.pid).length, 0);
  writeFileSync(gate, "");
  assert.equal((await over(yard, uuid)).state, "Finished");
  second.kill("SIGTERM");
  assert.equal((await second.ended).code, 0);
  assert.deepEqual(
    workerHomes(directory.path).filter((name) => !name.startsWith("gate")),
    [],
  );
});

test("a worker that was frozen for longer than its lease commits nothing, and comes back as another one", async () => {
  using directory = temporaryDirectory();
  using home = openHome();
  await using yard = await startYard(["--worker-slots", "0"]);
  const mark = newMark();
  const worker = home.start([
    ...["worker", "--yard-directory", yard.data, "--directory", directory.path],
    ...["--slots", "1", "--lease", "3s"],
  ]);
  const out = join(directory.path, "out");
  const uuid = await submit(yard, ["sh", "-c", `echo run >> ${out}.runs; sleep 2`], mark);
  await until(() => mainProcesses(mark).length > 0);
  worker.kill("SIGSTOP");
  await until(async () => (await shown(yard, uuid)).state === "Ready", { what: "the lease is over" });
  worker.kill("SIGCONT");
  const info = await over(yard, uuid);
  assert.equal(info.state, "Finished");
  assert.equal(runsOf(out), 2, "the first run was fenced off");
  worker.kill("SIGINT");
  assert.equal((await worker.ended).code, 0);
});

test("a worker on a full disk takes no more tasks, and keeps what a task has made until there is space", {
  skip: skipUnless(process.getuid?.() === 0, "root", "a small file system can only be mounted by root"),
}, async () => {
  using directory = temporaryDirectory();
  using disk = smallDisk(join(directory.path, "disk"));
  using home = openHome();
  await using yard = await startYard(["--worker-slots", "0"]);
  const directories = ["--yard-directory", yard.data, "--directory", join(directory.path, "disk")];
  const start = () => home.start(["worker", ...directories, "--slots", "1", "--lease", "30s"]);
  disk.fill();
  const refused = await start().ended;
  assert.deepEqual([refused.code, /disk is full/.test(refused.stderr)], [1, true], refused.stderr);
  disk.free();

  const worker = start();
  using _killed = { [Symbol.dispose]: () => worker.kill("SIGKILL") };
  let said = "";
  worker.stderr?.on("data", (bytes: Buffer) => {
    said += bytes;
  });
  await until(() => said.includes("registered"), { what: "the worker is there" });
  const big = join(directory.path, "big");
  const greedy = await submit(
    yard,
    ["sh", "-c", `ln -s "$MITO_EXEC_DIR" ${big}; cat /dev/zero > ${big}/file`],
    newMark(),
  );
  await until(() => said.includes("what a task has made waits for space"));
  const modest = await submit(yard, ["true"], newMark());
  await sleep(1_000); // in which it would have run
  assert.equal((await shown(yard, modest)).state, "Ready");
  truncateSync(join(big, "file"), 1_000_000);
  for (const [uuid, status] of [
    [greedy, 256],
    [modest, 0],
  ] as const) {
    assert.deepEqual((await over(yard, uuid)).result, { exit_status: status, msg: null });
  }
  disk.fill();
  const isWaiting = () => said.includes("no task is fetched until there is space");
  for (; !isWaiting(); await sleep(700)) await submit(yard, ["true"], newMark()); // it may have asked for one before
  const waiting = await submit(yard, ["true"], newMark());
  await sleep(1_000);
  assert.equal((await shown(yard, waiting)).state, "Ready");
  disk.free();
  assert.equal((await over(yard, waiting)).state, "Finished");
  worker.kill("SIGTERM");
  assert.equal((await worker.ended).code, 0);
});
