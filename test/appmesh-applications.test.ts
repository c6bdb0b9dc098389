/** Applications through App Mesh's API on a real yard: fields there and back, refusals, schedules, health, exit actions. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { until } from "../src/platform/testing/until.ts";
import { type AppMesh, logIn } from "./support/appmesh.ts";
import { type OpenedYard, openTestYard } from "./support/yard-in-process.ts";
import { adminPassword } from "./support/yard-process.ts";

type View = Record<string, unknown> & { readonly name: string };

let opened: OpenedYard;
let admin: AppMesh;
before(async () => {
  opened = await openTestYard();
  admin = await logIn(opened.url, "admin", adminPassword);
});
after(() => opened[Symbol.asyncDispose]());

const put = (name: string, body: object) => admin.expect("PUT", `/app/${name}`, { body: { name, ...body } });
const view = async (name: string) => (await admin.expect("GET", `/app/${name}`)).json<View>();
const remove = (name: string) => admin.expect("DELETE", `/app/${name}`);
const nowSeconds = () => Math.floor(Date.now() / 1_000);

test("the SDKs are answered 200 for an added application, everybody else 201", async () => {
  const body = { command: "true", status: 0 };
  const sdk = await admin.request("PUT", "/app/status", { body, headers: { "user-agent": "appmesh/python" } });
  assert.equal(sdk.status, 200);
  assert.equal((await admin.request("PUT", "/app/status", { body })).status, 201);
  await remove("status");
});

test("every field comes back as it was given, also from the list and after it was sent back", async () => {
  const sent = {
    ...{ name: "whole", command: "echo hi", shell: true, session_login: true, description: "d", metadata: '{"a":[1]}' },
    ...{ working_dir: "/tmp", status: 0, stdout_cache_num: 3, health_check_cmd: "true", permission: 21, version: 7 },
    ...{
      start_time: nowSeconds() + 3_600,
      end_time: nowSeconds() + 7_200,
      start_interval_seconds: "PT5M",
      retention: "PT1M",
    },
    daily_limitation: { daily_start: 3_600, daily_end: 7_200 },
    behavior: { exit: "restart", control: { "0": "standby" } },
    ...{ env: { A: "1" }, sec_env: { TOKEN: "hush" }, resource_limit: { memory_mb: 64 }, register_time: 1_600_000_000 },
  };
  const added = (await put("whole", sent)).json<View>();
  const { sec_env: secrets, ...open } = added;
  assert.equal(JSON.stringify(added).includes("hush"), false);
  assert.deepEqual(Object.keys(secrets as object), ["TOKEN"]);
  const { sec_env: _secrets, metadata: _metadata, daily_limitation: daily, ...plain } = sent;
  for (const [field, value] of Object.entries(plain)) assert.deepEqual(open[field], value, field);
  assert.deepEqual(added.metadata, { a: [1] });
  const shownDaily = added.daily_limitation as Record<string, unknown>;
  assert.deepEqual([shownDaily.daily_start, shownDaily.daily_end], [daily.daily_start, daily.daily_end]);
  assert.equal(added.owner, "admin");

  const viewed = await view("whole");
  assert.deepEqual([viewed.health, viewed.starts], [1, 0]);
  const listed = (await admin.expect("GET", "/applications")).json<View[]>().find(({ name }) => name === "whole")!;
  assert.deepEqual({ ...listed, sec_env: 0 }, { ...viewed, sec_env: 0 });
  const again = (await put("whole", viewed)).json<View>();
  assert.deepEqual({ ...again, sec_env: 0 }, { ...open, sec_env: 0 });
  await remove("whole");
});

for (const [field, status, body] of [
  ["command", 400, {}],
  ["command", 400, { command: "x".repeat(2_048) }],
  ["command", 400, { command: "echo 'open" }],
  ["command", 400, { command: 5 }],
  ["health_check_cmd", 400, { command: "true", health_check_cmd: "x".repeat(2_048) }],
  ["shell", 400, { command: "true", shell: "yes" }],
  ["env.A", 400, { command: "true", env: { A: 1 } }],
  ["env", 400, { command: "true", env: { "A=B": "1" } }],
  ["sec_env.A", 400, { command: "true", sec_env: { A: "\0" } }],
  ["working_dir", 400, { command: "true", working_dir: "/\0" }],
  ["start_time", 400, { command: "true", start_time: "tomorrow" }],
  ["start_time", 400, { command: "true", start_time: 1e300 }],
  ["start_time", 400, { command: "true", start_time: -1 }],
  ["end_time", 400, { command: "true", start_time: 20, end_time: 10 }],
  ["start_interval_seconds", 400, { command: "true", start_interval_seconds: 0 }],
  ["start_interval_seconds", 400, { command: "true", start_interval_seconds: "P1M" }],
  ["start_interval_seconds", 400, { command: "true", start_interval_seconds: [1] }],
  ["start_interval_seconds", 412, { command: "true", start_interval_seconds: "* * * * *", cron: true }],
  ["start_interval_seconds", 400, { command: "true", start_interval_seconds: "0 0 0 30 2 *", cron: true }],
  ["retention", 400, { command: "true", retention: "-1" }],
  ["daily_limitation.daily_end", 400, { command: "true", daily_limitation: { daily_start: 5 } }],
  ["daily_limitation.daily_end", 400, { command: "true", daily_limitation: { daily_start: 5, daily_end: 86_401 } }],
  ["behavior.exit", 400, { command: "true", behavior: { exit: "explode" } }],
  ["behavior.control", 400, { command: "true", behavior: { control: { x: "standby" } } }],
  ["behavior.control", 400, { command: "true", behavior: { control: { 256: "standby" } } }],
  ["stdout_cache_num", 400, { command: "true", stdout_cache_num: 1e9 }],
  ["permission", 400, { command: "true", permission: 44 }],
  ["resource_limit.memory_mb", 400, { command: "true", resource_limit: { memory_mb: 1e300 } }],
  ["resource_limit.cpu_shares", 400, { command: "true", resource_limit: { cpu_shares: 1 } }],
  ["pid", 412, { command: "true", pid: 999_999_999 }],
  ["docker_image", 400, { command: "true", docker_image: "not an image" }],
  ["env.APP_DOCKER_OPTS", 412, { docker_image: "alpine", env: { APP_DOCKER_OPTS: "-v /:/host" } }],
  ["working_dir", 400, { docker_image: "alpine", working_dir: "here" }],
  ["version", 400, { command: "true", version: 1.5 }],
  ["name", 400, { command: "true", name: "a/b" }],
  ["name", 400, { command: "true", name: "a*" }],
  ["name", 400, { command: "true", name: "a\nb" }],
  ["name", 400, { command: "true", name: "agent" }],
  ["name", 400, { command: "true", name: "x".repeat(300) }],
] as const) {
  test(`${JSON.stringify(body).slice(0, 90)} is refused with ${status}, naming ${field}, and adds nothing`, async () => {
    const reply = await admin.request("PUT", "/app/refused", { body });
    assert.equal(reply.status, status, reply.text);
    assert.ok(reply.json<{ message: string }>().message.startsWith(`${field}: `), reply.text);
    assert.equal((await admin.request("GET", "/app/refused")).status, 404);
  });
}

test("numbers beyond all numbers are refused, not taken for infinity", async () => {
  for (const field of ["start_time", "stdout_cache_num", "permission", "version", "register_time", "retention"]) {
    const reply = await admin.request("PUT", "/app/huge", { body: `{"command":"true","${field}":1e999}` });
    assert.equal(reply.status, 400, `${field}: ${reply.text}`);
    assert.match(reply.text, new RegExp(field));
  }
});

test("an interval app is started at each slot, is shown its next one, and stops at its end time", async () => {
  const end = nowSeconds() + 4;
  await put("ticking", { command: "date", start_interval_seconds: 1, end_time: end, stdout_cache_num: 5 });
  const ticked = await until(async () => {
    const seen = await view("ticking");
    return (seen.starts as number) >= 2 && seen.next_start_time !== undefined ? seen : undefined;
  });
  assert.equal(ticked.return_code, 0);
  await until(async () => nowSeconds() > end && (await view("ticking")).next_start_time === undefined);
  const { starts } = await view("ticking");
  await until(() => nowSeconds() > end + 2);
  assert.equal((await view("ticking")).starts, starts);
  await remove("ticking");
});

test("a cron app is started again and again, whatever its exit action", async () => {
  await put("cron", { command: "false", start_interval_seconds: "* * * * * *", cron: true });
  await until(async () => ((await view("cron")).starts as number) >= 2);
  const { last_error: error, return_code: code } = await view("cron");
  assert.equal(code, 1);
  assert.match(String(error), /It exited with 1\.$/);
  await remove("cron");
});

test("an interval app that is kept alive starts at once, and not only at its first slot", async () => {
  const behavior = { exit: "keepalive" };
  await put("always", { command: "sleep 600", start_interval_seconds: 3_600, behavior });
  await until(async () => (await view("always")).pid);
  await remove("always");
});

test("an app outside of its daily hours, or before its start, does not run", async () => {
  const second = nowSeconds() % 86_400;
  const daily_limitation = { daily_start: (second + 7_200) % 86_400, daily_end: (second + 10_800) % 86_400 };
  await put("nightly", { command: "sleep 600", daily_limitation });
  await put("tomorrow", { command: "sleep 600", start_time: nowSeconds() + 86_400 });
  await put("now", { command: "sleep 600", start_time: nowSeconds() - 5 });
  await until(async () => (await view("now")).pid);
  for (const name of ["nightly", "tomorrow"]) {
    const { starts, health, pid } = await view(name);
    assert.deepEqual([starts, health, pid], [0, 1, undefined], name);
  }
  for (const name of ["nightly", "tomorrow", "now"]) await remove(name);
});

test("health is what the check says: a running app that fails it is not healthy", async () => {
  const health = async (name: string) => (await admin.expect("GET", `/app/${name}/health`)).json().health;
  await put("well", { command: "sleep 600", health_check_cmd: "true" });
  await put("sick", { command: "sleep 600", health_check_cmd: "false" });
  await until(async () => (await health("sick")) === 1);
  assert.equal(await health("well"), 0);
  await admin.expect("POST", "/app/well/disable");
  assert.equal(await health("well"), 1);
  for (const name of ["well", "sick"]) await remove(name);
});

test("an app whose end asks for it stays for its retention, and is gone then", async () => {
  await put("leaving", { command: "exit 3", shell: true, retention: 1, behavior: { control: { 3: "remove" } } });
  const ended = await until(async () => {
    const seen = await view("leaving");
    return seen.return_code === 3 ? seen : undefined;
  });
  await until(async () => (await admin.request("GET", "/app/leaving")).status === 404);
  assert.ok(Date.now() >= (ended.last_exit_time as number) * 1_000 + 1_000);
});

for (const { code, starts, isThere } of [
  { code: 0, starts: "once", isThere: true }, // standby by its own rule
  { code: 1, starts: "again", isThere: true }, // restart
  { code: 2, starts: "again", isThere: true }, // keepalive
  { code: 3, starts: "once", isThere: false }, // remove
  { code: 4, starts: "once", isThere: true }, // standby by the rule for all others
] as const) {
  test(`by its rules an app that ends with ${code} is ${isThere ? `started ${starts}` : "removed"}`, async () => {
    const behavior = { exit: "standby", control: { 0: "standby", 1: "restart", 2: "keepalive", 3: "remove" } };
    await put("ruled", { command: `exit ${code}`, shell: true, behavior });
    if (!isThere) {
      await until(async () => (await admin.request("GET", "/app/ruled")).status === 404);
      return;
    }
    const seen = await until(async () => {
      const app = await view("ruled");
      return app.return_code === code && (starts === "once" || (app.starts as number) > 1) ? app : undefined;
    });
    if (starts === "once") assert.deepEqual([seen.starts, seen.pid], [1, undefined]);
    await remove("ruled");
  });
}

test("a disabled app shows 9 and why it ended; enabled again it starts", async () => {
  await put("switched", { command: "sleep 600" });
  const { pid } = await until(async () => ((await view("switched")).pid ? view("switched") : undefined));
  await admin.expect("POST", "/app/switched/disable");
  const off = await view("switched");
  assert.deepEqual([off.status, off.return_code, off.health, off.next_start_time], [0, 9, 1, undefined]);
  assert.match(String(off.last_error), /It was stopped\.$/);
  assert.ok(off.last_exit_time);
  await admin.expect("POST", "/app/switched/enable");
  const on = await until(async () => ((await view("switched")).pid ? view("switched") : undefined));
  assert.notEqual(on.pid, pid);
  await remove("switched");
});

test("a running app shows its process: user, tree, descriptors, memory; its pid may be sent back", async () => {
  await put("tree", { command: "sleep 600 & wait", shell: true });
  const seen = await until(async () => {
    const app = await view("tree");
    return String(app.pstree ?? "").includes("sleep") ? app : undefined;
  });
  assert.match(String(seen.pstree), /^bash\(\d+\)\n└─sleep\(\d+\)$/);
  assert.ok((seen.memory as number) > 0 && (seen.fd as number) > 0 && typeof seen.pid_user === "string");
  assert.deepEqual([seen.task_id, seen.task_status, seen.starts], [0, "", 1]);
  await put("tree", seen);
  await remove("tree");
});

test("a login session has the environment of a login, and survives a profile whose commands fail", async () => {
  const reply = await admin.expect("POST", "/app/syncrun", {
    body: { command: "shopt -q login_shell && echo login; false; echo never", session_login: true },
  });
  assert.equal(reply.text, "login\n");
  assert.equal(reply.headers.get("x-exit-code"), "1");
});
