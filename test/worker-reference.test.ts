/** A worker of ours at a coordinator that knows nothing of our extensions. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { until } from "../src/platform/testing/until.ts";
import { type KeptToken, signInByFile } from "../src/worker/sign-in.ts";
import { mainProcesses, markVariable } from "./support/processes.ts";
import { startReferenceCoordinator } from "./support/reference-coordinator.ts";
import { startTestWorker } from "./support/worker.ts";

const mark = `reference-${process.pid}`;
const marked = { envs: { [markVariable]: mark } };

test("the calls are those of the protocol, in their order, and no others", async () => {
  await using coordinator = await startReferenceCoordinator();
  const kept: KeptToken[] = [];
  const credentials = { find: async () => kept[0], save: async (token: KeptToken) => void kept.push(token) };
  await using worker = startTestWorker(
    { url: coordinator.url, token: "" },
    { slots: 1, signIn: signInByFile({ credentials, username: "ada", password: async () => "secret" }) },
  );
  const spec = { terminal_output: true };
  const id = coordinator.submit({ args: ["sh", "-c", "echo x > $MITO_RESULT_DIR/x; echo y; exit 2"], spec });
  await until(() => coordinator.results.has(id));
  assert.deepEqual(coordinator.results.get(id), { state: "Finished", exit_status: 512, msg: null });
  assert.deepEqual([...coordinator.uploads.keys()], [`${id}/result`, `${id}/std-log`]);
  worker.stop({ graceMs: 0 });
  await worker.ended;
  const calls = coordinator.calls.filter((call) => call !== "GET /workers/tasks");
  const report = (op: string) => `POST /workers/tasks ${op}`;
  assert.deepEqual(calls, [
    ...["POST /login", "POST /workers", "POST /workers/heartbeat"],
    ...[report("Finish"), report("Upload"), report("Upload"), report("Commit")],
    "DELETE /workers",
  ]);
  assert.deepEqual(kept, [{ username: "ada", token: "dXNlcg==" }]);
  assert.deepEqual(coordinator.faults, []);
});

test("each slot is a worker of its own, with one task at a time", async () => {
  await using coordinator = await startReferenceCoordinator();
  await using _worker = startTestWorker({ url: coordinator.url, token: "t" }, { slots: 3 });
  const ids = Array.from({ length: 12 }, () => coordinator.submit({ args: ["true"] }));
  await until(() => ids.every((id) => coordinator.results.has(id)));
  assert.equal(coordinator.calls.filter((call) => call === "POST /workers").length, 3);
  assert.deepEqual(coordinator.faults, []);
});

test("a coordinator that is away for a while costs waiting: what ran meanwhile is reported when it is back", async () => {
  await using coordinator = await startReferenceCoordinator();
  await using _worker = startTestWorker({ url: coordinator.url, token: "t" }, { slots: 1 });
  const id = coordinator.submit({ args: ["sleep", "0.5"], spec: marked });
  await until(() => mainProcesses(mark).length > 0);
  await coordinator.goAway();
  await until(() => mainProcesses(mark).length === 0);
  await sleep(2_000); // the worker asks in vain
  await coordinator.comeBack();
  await until(() => coordinator.results.has(id));
  const next = coordinator.submit({ args: ["true"] });
  await until(() => coordinator.results.has(next));
  assert.equal(coordinator.calls.filter((call) => call === "POST /workers").length, 1);
});

test("a worker that was removed ends what it runs, and stays away", async () => {
  await using coordinator = await startReferenceCoordinator();
  await using worker = startTestWorker({ url: coordinator.url, token: "t" }, { slots: 1, times: { heartbeatMs: 100 } });
  coordinator.submit({ args: ["sleep", "300"], spec: marked });
  await until(() => mainProcesses(mark).length > 0);
  coordinator.removeAll();
  await assert.rejects(worker.ended, { code: "unauthenticated" });
  assert.deepEqual(mainProcesses(mark), []);
});

test("an upload over quota is left out, and the task committed", async () => {
  await using coordinator = await startReferenceCoordinator();
  coordinator.refuseUploads = true;
  await using _worker = startTestWorker({ url: coordinator.url, token: "t" }, { slots: 1 });
  const id = coordinator.submit({ args: ["sh", "-c", "echo x > $MITO_RESULT_DIR/x"], spec: { terminal_output: true } });
  await until(() => coordinator.results.has(id));
  assert.deepEqual(coordinator.results.get(id), { state: "Finished", exit_status: 0, msg: null });
  assert.equal(coordinator.calls.filter((call) => call.endsWith("Upload")).length, 1);
});

test("paths that lead out of the directory of resources are refused before anything is asked for", async () => {
  await using coordinator = await startReferenceCoordinator();
  await using _worker = startTestWorker({ url: coordinator.url, token: "t" }, { slots: 1 });
  for (const local_path of ["../x", "/etc/x", "a/../../x", ".", ""]) {
    const resources = [{ remote_file: { Attachment: { key: "k" } }, local_path }];
    const id = coordinator.submit({ args: ["true"], spec: { resources } });
    await until(() => coordinator.results.has(id));
    assert.deepEqual(
      coordinator.results.get(id),
      { state: "Cancelled", exit_status: 0, msg: "ResourceForbidden" },
      local_path,
    );
  }
  assert.ok(!coordinator.calls.some((call) => call.includes("attachments")));
});
