/** Tasks as Mitosis' clients submit, find, change and cancel them, in both readings. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { assertRoutesDocumented } from "../src/platform/http/testing.ts";
import { until } from "../src/platform/testing/until.ts";
import { auditLog } from "./support/audit-log.ts";
import { type MitosisYard, newTask, openMitosis, readings, startWorker } from "./support/mitosis.ts";

interface Submitted {
  readonly task_id: number;
  readonly uuid: string;
}

interface Info {
  readonly uuid: string;
  readonly state: string;
  readonly created_at: string;
  readonly updated_at: string;
  readonly tags: readonly string[];
  readonly labels: readonly string[];
  readonly timeout: number;
  readonly priority: number;
  readonly spec: unknown;
  readonly result: { readonly exit_status: number; readonly msg: string | null } | null;
  readonly [name: string]: unknown;
}

interface Listed {
  readonly count: number;
  readonly tasks: readonly Info[];
  readonly group_name: string;
}

let mitosis: MitosisYard;
before(async () => {
  mitosis = await openMitosis();
});
after(() => mitosis[Symbol.asyncDispose]());

const submit = (fields: Readonly<Record<string, unknown>> = {}) =>
  mitosis.as<Submitted>("ben", "POST", "/tasks", newTask(fields));
const infoOf = async (uuid: string) => (await mitosis.as<{ info: Info }>("cyd", "GET", `/tasks/${uuid}`)).info;
const query = (filter: Readonly<Record<string, unknown>>) =>
  mitosis.as<Listed>("cyd", "POST", "/tasks/query", { group_name: "crew", ...filter });

test("every route is documented", () => assertRoutesDocumented(mitosis.yard.http));

describe("submitting", () => {
  test("gives the group's next number and a UUID, and the task is shown with all its keys", async () => {
    const spec = { args: ["env", "true"], envs: { A: "b" }, terminal_output: true };
    const first = await submit({ labels: ["shown"], timeout: "1h 30min", priority: 7, task_spec: spec });
    const second = await submit();
    assert.equal(second.task_id, first.task_id + 1);
    for (const reading of readings) {
      const token = mitosis.tokens.cyd;
      const reply = await mitosis.ask<{ info: Info; artifacts: unknown }>("GET", `/tasks/${first.uuid.toUpperCase()}`, {
        ...{ reading, token },
      });
      assert.equal(reply.status, 200, reply.text);
      const { created_at, updated_at, ...info } = reply.json.info;
      const form =
        reading === "client" ? /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{1,9} \+00:00:00$/ : /^\d{4}-\d\d-\d\dT.*Z$/;
      for (const time of [created_at, updated_at]) assert.match(time, form);
      assert.deepEqual(reply.json.artifacts, []);
      assert.deepEqual(info, {
        ...{ uuid: first.uuid, reporter_uuid: null, creator_username: "ben", group_name: "crew" },
        ...{ task_id: first.task_id, tags: ["waits"], labels: ["shown"], state: "Ready", timeout: 5_400, priority: 7 },
        spec: { ...spec, resources: [], watch: null },
        ...{ result: null, upstream_task_uuid: null, downstream_task_uuid: null },
      });
    }
  });

  test("repeated with the same Idempotency-Key it gets the first answer, and another task under it is refused", async () => {
    const send = (priority: number) =>
      mitosis.ask<Submitted>("POST", "/tasks", {
        token: mitosis.tokens.ben,
        headers: { "idempotency-key": "nightly 7" },
        body: newTask({ labels: ["once"], priority }),
      });
    const first = await send(1);
    assert.equal(first.status, 200, first.text);
    assert.deepEqual((await send(1)).json, first.json);
    assert.equal((await send(2)).status, 409);
    assert.equal((await query({ labels: ["once"], count: true })).count, 1);
  });

  test("thousands at once get their results in order; a bad argument is one result, a wrong shape refuses all", async () => {
    const tasks = Array.from({ length: 2_500 }, (_, i) => newTask({ labels: ["batch"], priority: i % 3 }));
    tasks[3] = newTask({ group_name: "no-such-group" });
    tasks[1_700] = newTask({
      task_spec: { args: [], resources: [{ remote_file: { Attachment: { key: "k" } }, local_path: "../x" }] },
    });
    const { results } = await mitosis.as<{ results: { Ok?: Submitted; Err?: { msg: string } }[] }>(
      ...(["ben", "POST", "/tasks/submit", { tasks }] as const),
    );
    assert.equal(results.length, tasks.length);
    assert.deepEqual(
      results.flatMap(({ Err }, i) => (Err ? [i] : [])),
      [3, 1_700],
    );
    assert.match(results[3]?.Err?.msg ?? "", /no-such-group/);
    const numbers = results.flatMap(({ Ok }) => (Ok ? [Ok.task_id] : []));
    assert.deepEqual(
      numbers,
      [...numbers].sort((a, b) => a - b),
    );
    assert.equal((await query({ labels: ["batch"], count: true })).count, 2_498);

    const malformed = tasks.with(2_000, newTask({ timeout: "soon" }));
    const refused = await mitosis.ask("POST", "/tasks/submit", {
      token: mitosis.tokens.ben,
      body: { tasks: malformed },
    });
    assert.equal(refused.status, 422);
    assert.match(refused.json.msg, /^tasks\.2000\.timeout: /);
    assert.equal((await query({ labels: ["batch"], count: true })).count, 2_498);
  });

  test("an empty batch is refused", async () => {
    const reply = await mitosis.ask("POST", "/tasks/submit", { token: mitosis.tokens.ben, body: { tasks: [] } });
    assert.equal(reply.status, 400);
  });

  test("leaves an entry in the audit log", async () => {
    const { uuid } = await submit();
    await until(() =>
      auditLog(mitosis.data).some(
        ({ action, target, actor }) => action === "task.submit" && target === uuid && actor === "ben",
      ),
    );
  });
});

describe("finding", () => {
  test("filters by everything that a task has, and pages by limit and offset", async () => {
    const uuids: string[] = [];
    for (const priority of [1, 2, 3])
      uuids.push((await submit({ labels: ["find", `p${priority}`], tags: ["t"], priority })).uuid);
    const found = async (filter: object) =>
      (await query({ labels: ["find"], ...filter })).tasks.map(({ uuid }) => uuid);
    assert.deepEqual(await found({}), uuids);
    assert.deepEqual(await found({ labels: ["find", "p2"] }), [uuids[1]]);
    assert.deepEqual(await found({ priority: ">=2" }), uuids.slice(1));
    assert.deepEqual(await found({ priority: "!=2", tags: ["t"] }), [uuids[0], uuids[2]]);
    assert.deepEqual(await found({ states: ["Running", "Cancelled"] }), []);
    assert.deepEqual(await found({ states: ["Unknown"] }), []);
    assert.deepEqual(await found({ states: ["Unknown", "Ready"] }), uuids);
    assert.deepEqual(await found({ creator_usernames: ["ben", "nobody"] }), uuids);
    assert.deepEqual(await found({ creator_usernames: ["ada"] }), []);
    assert.deepEqual(await found({ exit_status: "!=0" }), []);
    assert.deepEqual(await found({ reporter_uuid: crypto.randomUUID() }), []);
    assert.deepEqual(await found({ limit: 2, offset: 1 }), uuids.slice(1));
    assert.deepEqual(await query({ labels: ["find"], count: true, offset: 2 }), {
      ...{ count: 3, tasks: [], group_name: "crew" },
    });
  });

  test("without a group it is the caller's own", async () => {
    const reply = await mitosis.as<Listed>("ben", "POST", "/tasks/query", { count: false });
    assert.deepEqual(reply, { count: 0, tasks: [], group_name: "ben" });
  });
});

describe("changing", () => {
  test("replaces what is named and leaves the rest, nulls too", async () => {
    const { uuid } = await submit({ tags: ["a"], labels: ["l"], priority: 4 });
    await mitosis.as("ben", "PUT", `/tasks/${uuid}`, { tags: null, timeout: "2m", priority: null, task_spec: null });
    await mitosis.as("ben", "PUT", `/tasks/${uuid}`, { tags: ["b", "b"] });
    await mitosis.as("ben", "PUT", `/tasks/${uuid}/labels`, { labels: [] });
    const { tags, labels, timeout, priority } = await infoOf(uuid);
    assert.deepEqual({ tags, labels, timeout, priority }, { tags: ["b"], labels: [], timeout: 120, priority: 4 });
  });

  test("of nothing is 400, and of a task that is no longer ready 404; labels may be replaced also then", async () => {
    const { uuid } = await submit();
    const change = (body: object) => mitosis.ask("PUT", `/tasks/${uuid}`, { token: mitosis.tokens.ben, body });
    assert.equal((await change({ tags: null })).status, 400);
    await mitosis.as("ben", "DELETE", `/tasks/${uuid}`);
    assert.equal((await change({ priority: 1 })).status, 404);
    await mitosis.as("ben", "PUT", `/tasks/${uuid}/labels`, { labels: ["late"] });
    assert.deepEqual((await infoOf(uuid)).labels, ["late"]);
  });
});

describe("cancelling", () => {
  test("ends a task that waits, with its reason; a second time it is 404", async () => {
    const { uuid } = await submit();
    await mitosis.as("ben", "DELETE", `/tasks/${uuid}`);
    const { state, result, reporter_uuid } = await infoOf(uuid);
    assert.deepEqual(
      { state, result, reporter_uuid },
      { state: "Cancelled", result: { exit_status: 0, msg: "UserCancellation" }, reporter_uuid: null },
    );
    assert.equal((await mitosis.ask("DELETE", `/tasks/${uuid}`, { token: mitosis.tokens.ben })).status, 404);
  });

  test("ends a task that runs: its worker's reports are 404 from then on", async () => {
    const { uuid } = await submit({ tags: ["to-cancel"] });
    const worker = await startWorker(mitosis, "ben", { tags: ["to-cancel"] });
    const task = await until(() => worker.fetch());
    assert.equal(task.uuid, uuid);
    await mitosis.as("ben", "DELETE", `/tasks/${uuid}`);
    assert.equal((await infoOf(uuid)).state, "Cancelled");
    const late = await worker.call("POST", "/workers/tasks", { id: task.id, op: "Finish" });
    assert.equal(late.status, 404, late.text);
  });

  test("by filter takes those that wait; what runs only where it is named", async () => {
    const tags = ["by-filter"];
    const running = await submit({ tags, labels: ["many"], priority: 9 });
    const worker = await startWorker(mitosis, "ben", { tags });
    assert.equal((await until(() => worker.fetch())).uuid, running.uuid);
    for (const priority of [1, 2]) await submit({ labels: ["many"], priority });
    const cancel = (filter: object) =>
      mitosis.as("ben", "POST", "/tasks/cancel", { group_name: "crew", labels: ["many"], ...filter });
    assert.deepEqual(await cancel({ priority: "1", states: ["Finished"] }), { cancelled_count: 1, group_name: "crew" });
    assert.deepEqual(await cancel({}), { cancelled_count: 1, group_name: "crew" });
    assert.deepEqual(await cancel({ states: ["Running"] }), { cancelled_count: 1, group_name: "crew" });
    assert.deepEqual(await cancel({ states: ["Running"] }), { cancelled_count: 0, group_name: "crew" });
  });

  test("by a list tells those that it could not, in the order given", async () => {
    const [one, two] = [await submit(), await submit()];
    await mitosis.as("ben", "DELETE", `/tasks/${two.uuid}`);
    const unknown = "00000000-0000-4000-8000-000000000000";
    assert.deepEqual(
      await mitosis.as("ben", "POST", "/tasks/cancel/list", { uuids: [unknown, one.uuid.toUpperCase(), two.uuid] }),
      { cancelled_count: 1, failed_uuids: [unknown, two.uuid] },
    );
  });
});

describe("waiting for the end", () => {
  test("a held request is answered when the task is over, and says how long it may be held", async () => {
    const { uuid } = await submit();
    const held = mitosis.ask<{ info: Info }>("GET", `/tasks/${uuid}`, {
      ...{ token: mitosis.tokens.cyd, headers: { prefer: "wait=50" } },
    });
    await mitosis.as("ben", "DELETE", `/tasks/${uuid}`);
    const reply = await held;
    assert.equal(reply.json.info.state, "Cancelled");
    assert.equal(reply.headers["preference-applied"], "wait=50");
  });

  test("after its time the task is shown as it is", async () => {
    const { uuid } = await submit();
    const reply = await mitosis.ask<{ info: Info }>("GET", `/tasks/${uuid}`, {
      ...{ token: mitosis.tokens.cyd, headers: { prefer: "wait=0" } },
    });
    assert.equal(reply.json.info.state, "Ready");
  });
});

test("a document's reader is told exit codes, and asks by them; Mitosis' own programs get the wait status", async () => {
  const { uuid } = await submit({ tags: ["exits"], labels: ["exits"] });
  const worker = await startWorker(mitosis, "ben", { tags: ["exits"] });
  const { id } = await until(() => worker.fetch());
  await worker.report(id, "Finish");
  await worker.report(id, { Commit: { exit_status: 768, msg: null } });
  for (const [reading, shown] of [
    ["client", 768],
    ["document", 3],
  ] as const) {
    const request = { reading, token: mitosis.tokens.cyd };
    const { json } = await mitosis.ask<{ info: Info }>("GET", `/tasks/${uuid}`, request);
    assert.deepEqual(json.info.result, { exit_status: shown, msg: null });
    for (const [exit_status, count] of [
      [`=${shown}`, 1],
      [`>${shown}`, 0],
      ["!=0", 1],
    ] as const) {
      const body = { group_name: "crew", labels: ["exits"], exit_status, count: true };
      assert.equal((await mitosis.ask<Listed>("POST", "/tasks/query", { ...request, body })).json.count, count);
    }
  }
});
