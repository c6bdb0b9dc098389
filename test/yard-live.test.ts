/** The socket that tells what changes: through a real server, with a real session behind each connection. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { until } from "../src/platform/testing/until.ts";
import { callerOf, useDockmeshYard } from "./support/dockmesh.ts";
import { openTestYard } from "./support/yard-in-process.ts";
import { issueTicket, liveRefusal, openLive, openWithTicket } from "./support/yard-live.ts";

interface AppGiven {
  readonly command: string;
  readonly permission?: number;
}

describe("what changes is told as it changes", () => {
  const yard = useDockmeshYard();

  async function putApp(token: string, name: string, app: AppGiven): Promise<string> {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const put = await fetch(`${yard.url}/appmesh/app/${name}`, { method: "PUT", headers, body: JSON.stringify(app) });
    assert.equal(put.status, 201, await put.text());
    const listed = await fetch(`${yard.url}/yard/v1/apps?search=${name}`, { headers });
    return ((await listed.json()) as { items: { id: string }[] }).items[0]!.id;
  }

  async function removeApp(token: string, name: string): Promise<void> {
    const headers = { authorization: `Bearer ${token}` };
    assert.equal((await fetch(`${yard.url}/appmesh/app/${name}`, { method: "DELETE", headers })).status, 200);
  }

  test("a ticket is good once, and only for who has asked for it", async () => {
    const ticket = await issueTicket(yard.url, yard.admin.token);
    using live = await openWithTicket(yard.url, ticket);
    assert.deepEqual((await live.subscribe("apps")).subscribed, ["apps"]);
    assert.equal(await liveRefusal(yard.url, `?ticket=${ticket}`), 401);
    assert.equal(await liveRefusal(yard.url, "?ticket=ryt_forged"), 401);
    assert.equal(await liveRefusal(yard.url, ""), 401);
    const plain = await fetch(`${yard.url}/yard/v1/live`, { headers: { authorization: `Bearer ${yard.admin.token}` } });
    assert.equal(plain.status, 400);
    const anonymous = await fetch(`${yard.url}/yard/v1/tickets`, { method: "POST" });
    assert.equal(anonymous.status, 401);
  });

  test("apps, tasks and executions that come, change and go are told to who may see them, and to nobody else", async () => {
    const [owner, stranger] = [await yard.makeUser("admin"), await yard.makeUser("view")];
    using mine = await openLive(yard.url, owner.token);
    using others = await openLive(yard.url, stranger.token);
    await mine.subscribe("apps", "tasks", "executions");
    const { refused } = await others.subscribe("apps", "tasks", "executions", "events", "containers");
    assert.deepEqual(refused, ["events", "containers"]);

    const hidden = await putApp(owner.token, "hidden", { command: "sleep 60", permission: 11 });
    await mine.change("apps", hidden);
    const shown = await putApp(owner.token, "shown", { command: "sleep 60" });
    await others.change("apps", shown);
    const headers = { authorization: `Bearer ${owner.token}`, "content-type": "application/json" };
    const exec = await fetch(`${yard.url}/api/exec`, { method: "POST", headers, body: JSON.stringify({ code: "1" }) });
    const { execution_id: execution } = (await exec.json()) as { execution_id: string };
    await mine.change("executions", execution);
    const task = { group_name: owner.username, tags: [], labels: [], timeout: "1m", priority: 0 };
    const body = JSON.stringify({ ...task, task_spec: { args: ["true"] } });
    const submitted = (await (await fetch(`${yard.url}/tasks`, { method: "POST", headers, body })).json()) as {
      uuid: string;
    };
    await mine.change("tasks", submitted.uuid);
    await removeApp(owner.token, "hidden");
    await until(() => mine.messages.some(({ changes }) => changes?.some(({ kind }) => kind === "removed")), {
      what: "that the app is gone",
    });
    await removeApp(owner.token, "shown");
    await until(() => others.messages.some(({ changes }) => changes?.some(({ kind }) => kind === "removed")), {
      what: "that the other app is gone",
    });
    const told = others.messages.flatMap(({ changes = [] }) => changes.map(({ id }) => id));
    assert.deepEqual([...new Set(told)], [shown]);
    assert.ok(!others.messages.some(({ topic }) => topic === "tasks" || topic === "executions"));
  });

  test("capsules are told to their team by the ids that Wrenn's API knows them by", async () => {
    using live = await openLive(yard.url, yard.admin.token);
    await live.subscribe("capsules");
    const headers = { authorization: `Bearer ${yard.admin.token}`, "content-type": "application/json" };
    const made = await fetch(`${yard.url}/v1/capsules`, { method: "POST", headers, body: "{}" });
    const capsule = (await made.json()) as { id: string };
    assert.equal(made.status, 201, JSON.stringify(capsule));
    await live.change("capsules", capsule.id);
    assert.equal((await fetch(`${yard.url}/v1/capsules/${capsule.id}`, { method: "DELETE", headers })).status, 204);
  });

  test("stacks are told by their names", async () => {
    using live = await openLive(yard.url, yard.admin.token);
    await live.subscribe("stacks");
    await yard.admin.expect(201, "POST", "/stacks", { name: "shop", compose: "services: {}\n" });
    await live.change("stacks", "shop");
  });

  test("one user has so many connections at most", async () => {
    const user = await yard.makeUser("viewer");
    using opened = new DisposableStack();
    for (let i = 0; i < 50; i++) opened.use(await openLive(yard.url, user.token));
    assert.equal(await liveRefusal(yard.url, `?ticket=${await issueTicket(yard.url, user.token)}`), 429);
  });

  test("whose session ends is told so within seconds", async () => {
    const user = await yard.makeUser("viewer");
    using live = await openLive(yard.url, user.token);
    await live.subscribe("containers");
    const [session] = await yard.opened.yard.identity.sessions.ofUser(user.userId);
    await yard.opened.yard.identity.sessions.revoke(session!.id);
    assert.equal(await live.closed, 4401);
  });

  test("so is whoever is locked, and whose rights change", async () => {
    const [locked, changed] = [await yard.makeUser("viewer"), await yard.makeUser("viewer")];
    using first = await openLive(yard.url, locked.token);
    using second = await openLive(yard.url, changed.token);
    const { users } = yard.opened.yard.identity;
    await users.lock(locked.username);
    await users.update(changed.username, { roles: ["operator"] });
    assert.deepEqual(await Promise.all([first.closed, second.closed]), [4401, 4403]);
    using again = await openLive(yard.url, changed.token);
    assert.deepEqual((await again.subscribe("containers")).subscribed, ["containers"]);
  });
});

test("a server that stops says goodbye, and the next one is listened to again", async () => {
  await using opened = await openTestYard();
  const { token } = await callerOf(opened, "admin");
  using live = await openLive(opened.url, token);
  await live.subscribe("apps", "tasks", "containers", "stacks", "hosts", "events", "alerts", "capsules", "executions");
  await opened.yard.http[Symbol.asyncDispose]();
  assert.equal(await live.closed, 1001);
});
