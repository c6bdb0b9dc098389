import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { signUp } from "../src/apis/wrenn/testing.ts";
import { skipWithoutNamespaces } from "../src/capsules/testing.ts";
import { until } from "../src/platform/testing/until.ts";
import { useWrennYard } from "./support/wrenn.ts";

interface Capsule {
  readonly id: string;
  readonly status: string;
  readonly [name: string]: unknown;
}

const nobody = `cl-${"0".repeat(25)}`;

suite("capsules over Wrenn's API", { skip: skipWithoutNamespaces }, () => {
  const yard = useWrennYard();
  const { ask, makeCapsule } = yard;
  const list = async () => (await ask<Capsule[]>("GET", "/v1/capsules")).json;
  const refusal = async (...args: Parameters<typeof ask>) => {
    const { status, json } = await ask(...args);
    return [status, json.error.code];
  };

  test("one is made with what was left out, runs at once, and is shown in whole seconds", async () => {
    const { status, json } = await ask<Capsule>("POST", "/v1/capsules", {
      vcpus: -1,
      memory_mb: 0,
      timeout_sec: null,
      extra: 1,
    });
    assert.equal(status, 201);
    const { id, created_at, started_at, last_active_at, last_updated, ...rest } = json;
    assert.match(id, /^cl-[0-9a-z]{25}$/);
    for (const time of [created_at, started_at, last_active_at, last_updated])
      assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    assert.deepEqual(rest, {
      status: "running",
      template: "minimal",
      vcpus: 1,
      memory_mb: 512,
      timeout_sec: 0,
      metadata: { driver: "namespace", pause_keeps: "memory-in-place" },
    });
    assert.deepEqual((await ask<Capsule>("GET", `/v1/capsules/${id}`)).json.id, id);
    await ask("DELETE", `/v1/capsules/${id}`);
  });

  test("they are listed newest first until they end, and found by their id after that", async () => {
    const [first, second] = [await makeCapsule(), await makeCapsule({ timeout_sec: 600 })];
    assert.deepEqual(
      (await list()).map(({ id }) => id),
      [second, first],
    );
    assert.equal((await ask("DELETE", `/v1/capsules/${second}`)).status, 204);
    assert.equal((await ask("DELETE", `/v1/capsules/${second}`)).status, 204);
    assert.deepEqual(
      (await list()).map(({ id }) => id),
      [first],
    );
    assert.equal((await ask<Capsule>("GET", `/v1/capsules/${second}`)).json.status, "stopped");
    await ask("DELETE", `/v1/capsules/${first}`);
  });

  test("a pause is for running ones, a resumption for paused ones; files survive both", async () => {
    const id = await makeCapsule();
    await yard.run(id, "echo kept > /root/kept");
    const of = (what: string) => `/v1/capsules/${id}/${what}`;
    assert.deepEqual(await refusal("POST", of("resume")), [409, "invalid_state"]);
    const paused = await ask<Capsule>("POST", of("pause"));
    assert.deepEqual([paused.status, paused.json.status], [200, "paused"]);
    for (const [method, path, body] of [
      ["POST", of("pause")],
      ["POST", of("ping")],
      ["POST", of("files/read"), { path: "/root/kept" }],
      ["POST", of("files/list"), "no JSON at all"], // its state is looked at before the body
      ["POST", of("files/write"), "no form at all"],
    ] as const)
      assert.deepEqual(await refusal(method, path, body), [409, "invalid_state"], path);
    const resumed = await ask<Capsule>("POST", of("resume"));
    assert.deepEqual([resumed.status, resumed.json.status], [200, "running"]);
    assert.equal(await yard.run(id, "cat /root/kept"), "kept\n");
    assert.equal((await ask("POST", of("ping"))).status, 204);
    await ask("DELETE", `/v1/capsules/${id}`);
    assert.deepEqual(await refusal("POST", of("ping")), [409, "invalid_state"]);
    assert.deepEqual(await refusal("POST", of("resume")), [409, "invalid_state"]);
  });

  test("one that is not used is paused by itself, and pings keep it awake", async () => {
    const id = await makeCapsule({ timeout_sec: 1 });
    await until(async () => (await ask<Capsule>("GET", `/v1/capsules/${id}`)).json.status === "paused", {
      timeoutMs: 15_000,
      what: "it is paused",
    });
    await ask("DELETE", `/v1/capsules/${id}`);
  });

  test("another team's capsules, templates and figures are not there", async () => {
    const id = await makeCapsule();
    const other = await signUp(yard.url, "eve");
    const as = { key: other.key };
    for (const [method, path, body] of [
      ["GET", `/v1/capsules/${id}`],
      ["DELETE", `/v1/capsules/${id}`],
      ["POST", `/v1/capsules/${id}/ping`],
      ["POST", `/v1/capsules/${id}/pause`],
      ["POST", `/v1/capsules/${id}/resume`],
      ["GET", `/v1/capsules/${id}/metrics`],
      ["POST", "/v1/snapshots", { sandbox_id: id }],
      ["POST", `/v1/capsules/${id}/files/read`, { path: "/etc/passwd" }],
      ["POST", `/v1/capsules/${id}/files/list`, { path: "/" }],
      ["POST", `/v1/capsules/${id}/files/mkdir`, { path: "/x" }],
      ["POST", `/v1/capsules/${id}/files/remove`, { path: "/etc" }],
      ["POST", `/v1/capsules/${id}/files/write`],
      ["POST", `/v1/capsules/${id}/files/stream/write`],
    ] as const)
      assert.deepEqual(await refusal(method, path, body, as), [404, "not_found"], path);
    assert.deepEqual((await ask<Capsule[]>("GET", "/v1/capsules", undefined, as)).json, []);
    const stats = await ask<{ current: object }>("GET", "/v1/capsules/stats", undefined, as);
    assert.equal((stats.json.current as { running_count: number }).running_count, 0);
    assert.equal((await ask<Capsule>("GET", `/v1/capsules/${id}`)).json.status, "running");
    await ask("DELETE", `/v1/capsules/${id}`);
  });

  test("nobody gets in without a credential, and a bad key is not helped by a good token", async () => {
    const token = { key: undefined, token: yard.account.token };
    assert.equal((await ask("GET", "/v1/capsules", undefined, token)).status, 200);
    const bad = { key: "wrn_00000000000000000000000000000000", token: yard.account.token };
    for (const options of [{ key: undefined }, bad]) {
      for (const [method, path] of [
        ["GET", "/v1/capsules"],
        ["POST", "/v1/capsules"],
        ["GET", "/v1/capsules/stats"],
        ["GET", `/v1/capsules/${nobody}`],
        ["POST", `/v1/capsules/${nobody}/files/write`],
        ["POST", `/v1/capsules/${nobody}/files/read`],
        ["GET", "/v1/snapshots"],
        ["POST", "/v1/snapshots"],
        ["DELETE", "/v1/snapshots/x"],
      ] as const)
        assert.deepEqual(await refusal(method, path, undefined, options), [401, "unauthorized"], path);
    }
  });

  test("what is wrong with a request is said, and changes nothing", async () => {
    const huge = "x".repeat(10 * 1024 * 1024);
    for (const [body, status, code] of [
      ["", 400, "invalid_request"],
      ["{", 400, "invalid_request"],
      ["[]", 400, "invalid_request"],
      ['"text"', 400, "invalid_request"],
      ['{"__proto__":{}}', 400, "invalid_request"],
      [{ vcpus: "2" }, 400, "invalid_request"],
      [{ vcpus: 1.5 }, 400, "invalid_request"],
      [{ vcpus: 2 ** 31 }, 400, "invalid_request"],
      [{ memory_mb: 1e300 }, 400, "invalid_request"],
      [{ memory_mb: true }, 400, "invalid_request"],
      [{ timeout_sec: "5m" }, 400, "invalid_request"],
      [{ template: 7 }, 400, "invalid_request"],
      [{ template: "../x" }, 400, "invalid_request"],
      [{ template: "-x" }, 400, "invalid_request"],
      [{ template: "x\0" }, 400, "invalid_request"],
      [{ template: "x".repeat(65) }, 400, "invalid_request"],
      [{ template: "none-of-that-name" }, 404, "not_found"],
      [{ vcpus: 2 ** 31 - 1 }, 429, "too_many_requests"],
      [{ template: huge }, 413, "too_large"],
    ] as const)
      assert.deepEqual(await refusal("POST", "/v1/capsules", body), [status, code], JSON.stringify(body).slice(0, 60));
    for (const id of [
      "x",
      "cl-",
      "cl-short",
      `cl-${"z".repeat(25)}`,
      `cl-${"A".repeat(25)}`,
      `ch-${"0".repeat(25)}`,
      "%00",
      "..%2f",
    ])
      for (const [method, path] of [
        ["GET", ""],
        ["DELETE", ""],
        ["POST", "/pause"],
        ["GET", "/metrics"],
        ["POST", "/files/list"],
        ["POST", "/files/stream/write"],
      ] as const)
        assert.deepEqual(await refusal(method, `/v1/capsules/${id}${path}`), [400, "invalid_request"], id + path);
    assert.deepEqual(await refusal("GET", `/v1/capsules/${nobody}`), [404, "not_found"]);
    assert.deepEqual(await list(), []);
  });

  test("what a team and a capsule take is told for each range, and for no other", async () => {
    const id = await makeCapsule({ memory_mb: 300 });
    const metrics = `/v1/capsules/${id}/metrics`;
    interface Point {
      readonly timestamp_unix: number;
      readonly cpu_pct: number;
      readonly mem_bytes: number;
      readonly disk_bytes: number;
    }
    const points = async (range = "") =>
      (await ask<{ sandbox_id: string; range: string; points: Point[] }>("GET", metrics + range)).json;
    await until(async () => (await points()).points.length > 1, { timeoutMs: 20_000, what: "there are two samples" });
    const shown = await points();
    assert.deepEqual([shown.sandbox_id, shown.range], [id, "10m"]);
    for (const { timestamp_unix, cpu_pct, mem_bytes, disk_bytes } of shown.points) {
      assert.ok(Number.isInteger(timestamp_unix) && Math.abs(timestamp_unix - Date.now() / 1_000) < 60);
      assert.ok(cpu_pct >= 0 && cpu_pct <= 100 && mem_bytes >= 0 && disk_bytes >= 0);
    }
    for (const range of ["5m", "10m", "1h", "2h", "6h", "12h", "24h"])
      assert.equal((await points(`?range=${range}`)).range, range);
    for (const range of ["30d", "", "1H", "600"])
      assert.deepEqual(await refusal("GET", `${metrics}?range=${range}`), [400, "invalid_request"], range);
    assert.deepEqual(await refusal("GET", `/v1/capsules/${nobody}/metrics?range=x`), [400, "invalid_request"]);

    interface Stats {
      readonly range: string;
      readonly current: { readonly running_count: number; readonly memory_mb_reserved: number };
      readonly peaks: { readonly running_count: number };
      readonly series: Readonly<Record<string, readonly unknown[]>>;
    }
    const stats = async (range = "") => (await ask<Stats>("GET", `/v1/capsules/stats${range}`)).json;
    const { range, current, series } = await stats();
    assert.deepEqual([range, current.running_count, current.memory_mb_reserved], ["1h", 1, 300]);
    assert.equal(new Set(Object.values(series).map(({ length }) => length)).size, 1);
    for (const each of ["5m", "1h", "6h", "24h", "30d"]) assert.equal((await stats(`?range=${each}`)).range, each);
    assert.deepEqual(await refusal("GET", "/v1/capsules/stats?range=10m"), [400, "invalid_request"]);

    await ask("POST", `/v1/capsules/${id}/pause`);
    assert.ok((await points()).points.length > 0, "they are kept while it is paused");
    assert.equal((await stats()).current.memory_mb_reserved, 150);
    await ask("DELETE", `/v1/capsules/${id}`);
    assert.deepEqual(await refusal("GET", metrics), [404, "not_found"]);
  });

  test("a template is made of a capsule, which is paused then; it is replaced only where that is asked for", async () => {
    const id = await makeCapsule({ vcpus: 2, memory_mb: 256 });
    await yard.run(id, "echo one > /root/state");
    const snapshot = (name: string | undefined, query = "") =>
      ask<Capsule>("POST", `/v1/snapshots${query}`, { sandbox_id: id, name });
    const made = await snapshot("state");
    assert.equal(made.status, 201, made.text);
    const { created_at, size_bytes, ...rest } = made.json;
    assert.deepEqual(rest, { name: "state", type: "snapshot", vcpus: 2, memory_mb: 256, platform: false });
    assert.ok(Number(size_bytes) >= 0 && Date.parse(String(created_at)) > 0);
    assert.equal((await ask<Capsule>("GET", `/v1/capsules/${id}`)).json.status, "paused");
    assert.match(String((await snapshot(undefined)).json.name), /^template-[0-9a-f]{8}$/);

    assert.deepEqual(await refusal("POST", "/v1/snapshots", { sandbox_id: id, name: "state" }), [
      409,
      "already_exists",
    ]);
    await ask("POST", `/v1/capsules/${id}/resume`);
    await yard.run(id, "echo two > /root/state");
    assert.equal((await snapshot("state", "?overwrite=true")).status, 201);
    const copy = await makeCapsule({ template: "state", vcpus: 1 });
    assert.equal(await yard.run(copy, "cat /root/state"), "two\n");
    assert.equal((await ask<Capsule>("GET", `/v1/capsules/${copy}`)).json.vcpus, 2, "a snapshot brings its own");

    const names = async (query = "") =>
      (await ask<{ name: string }[]>("GET", `/v1/snapshots${query}`)).json.map(({ name }) => name);
    assert.deepEqual(
      (await names()).filter((name) => !/^template-/.test(name)),
      ["state", "minimal"],
    );
    assert.deepEqual(await names("?type=base"), ["minimal"]);
    assert.deepEqual(await names("?type=other"), []);
    assert.equal((await ask("DELETE", "/v1/snapshots/state")).status, 204);
    assert.equal(await yard.run(copy, "cat /root/state"), "two\n", "what was made of it goes on");
    assert.deepEqual(await refusal("DELETE", "/v1/snapshots/state"), [404, "not_found"]);
    for (const each of [id, copy]) await ask("DELETE", `/v1/capsules/${each}`);
  });

  test("a template is made also when whoever asked for it has left", async () => {
    const id = await makeCapsule();
    const leaving = new AbortController();
    const asked = fetch(new URL("/v1/snapshots", yard.url), {
      method: "POST",
      headers: { "x-api-key": yard.account.key },
      body: JSON.stringify({ sandbox_id: id, name: "left" }),
      signal: leaving.signal,
    });
    await until(async () => (await ask<Capsule>("GET", `/v1/capsules/${id}`)).json.status === "paused", {
      what: "it is under way",
      intervalMs: 1,
    });
    leaving.abort();
    await asked.catch(() => {});
    await until(
      async () => (await ask<{ name: string }[]>("GET", "/v1/snapshots")).json.some(({ name }) => name === "left"),
      { what: "it is made" },
    );
  });

  test("a template cannot be made of what is over, nor under a name that is not free", async () => {
    const id = await makeCapsule();
    const made = (body: object) => refusal("POST", "/v1/snapshots", body);
    assert.deepEqual(await made({ sandbox_id: id, name: "minimal" }), [409, "name_reserved"]);
    assert.deepEqual(await refusal("POST", "/v1/snapshots?overwrite=true", { sandbox_id: id, name: "minimal" }), [
      409,
      "name_reserved",
    ]);
    for (const name of ["../x", "-x", "a b", "x\0", "x".repeat(65), 7])
      assert.deepEqual(await made({ sandbox_id: id, name }), [400, "invalid_request"], String(name));
    assert.deepEqual(await made({}), [400, "invalid_request"]);
    assert.deepEqual(await made({ sandbox_id: 7 }), [400, "invalid_request"]);
    assert.deepEqual(await made({ sandbox_id: "cl-x" }), [400, "invalid_request"]);
    assert.deepEqual(await made({ sandbox_id: nobody }), [404, "not_found"]);
    assert.equal((await ask<Capsule>("GET", `/v1/capsules/${id}`)).json.status, "running", "nothing has paused it");
    await ask("DELETE", `/v1/capsules/${id}`);
    assert.deepEqual(await made({ sandbox_id: id }), [409, "invalid_state"]);
    assert.deepEqual(await refusal("DELETE", "/v1/snapshots/minimal"), [403, "forbidden"]);
    assert.deepEqual(await refusal("DELETE", "/v1/snapshots/..%2fx"), [400, "invalid_request"]);
    assert.deepEqual(await refusal("DELETE", "/v1/snapshots/nothing"), [404, "not_found"]);
  });
});
