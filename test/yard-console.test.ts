/** Lists, overview, search and doctor of a real yard: what each user sees is what the APIs show them. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { until } from "../src/platform/testing/until.ts";
import { type Caller, useDockmeshYard } from "./support/dockmesh.ts";

interface Row {
  readonly id: string;
  readonly name: string;
  readonly [field: string]: unknown;
}

interface Page {
  readonly items: readonly Row[];
  readonly next: string | null;
  readonly total?: number;
}

interface WrongItem extends Row {
  readonly kind: string;
  readonly severity: string;
}

interface Overview {
  readonly wrong: { readonly items: readonly WrongItem[]; readonly counts: Readonly<Record<string, number>> };
  readonly runs: Readonly<Record<string, Readonly<Record<string, number>> | null>>;
  readonly happened: readonly unknown[] | null;
  readonly load: { readonly points: readonly unknown[]; readonly hosts: readonly Row[] } | null;
}

describe("what people look through", () => {
  const yard = useDockmeshYard();

  async function ask<Body>(who: Caller, method: string, path: string, body?: unknown): Promise<Body> {
    const response = await fetch(`${yard.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${who.token}`, "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    assert.ok(response.status < 300, `${method} ${path}: ${response.status} ${text}`);
    return text === "" ? (undefined as Body) : JSON.parse(text);
  }
  const list = (who: Caller, path: string) => ask<Page>(who, "GET", `/yard/v1/${path}`);
  const names = async (who: Caller, path: string) => (await list(who, path)).items.map(({ name }) => name);
  const submit = (who: Caller, team: string, args: readonly string[] = ["true"]) =>
    ask<{ uuid: string }>(who, "POST", "/tasks", {
      ...{ group_name: team, tags: ["waits"], labels: ["l"], timeout: "1m", priority: 0 },
      task_spec: { args },
    });

  test("apps are those that App Mesh shows, with how they do", async () => {
    const [ada, ben] = [await yard.makeUser("admin"), await yard.makeUser("view")];
    const put = (name: string, app: object) => ask(ada, "PUT", `/appmesh/app/${name}`, app);
    await put("lives", { command: "sleep 600" });
    await put("fails", { command: "sh -c 'exit 3'" });
    await put("secret", { command: "sleep 600", permission: 11 });
    await put("off", { command: "sleep 600", status: 0 });
    const shown = async (who: Caller) => {
      const legacy = await ask<Row[]>(who, "GET", "/appmesh/applications");
      return legacy.map(({ name }) => name).toSorted();
    };
    assert.deepEqual(await names(ben, "apps"), await shown(ben));
    assert.ok(!(await names(ben, "apps")).includes("secret"));
    assert.ok((await names(ada, "apps")).includes("secret"));
    const failed = await until(async () => (await list(ada, "apps?state=failed")).items[0], { what: "the failed app" });
    assert.deepEqual(
      [failed.name, failed.state, failed.exitCode, (failed.error as { message: string }).message],
      ["fails", "failed", 3, "It exited with 3."],
    );
    assert.deepEqual(await names(ada, "apps?state=disabled"), ["off"]);
    assert.deepEqual(await names(ada, "apps?search=LIV run"), ["lives"]);
    assert.deepEqual((await names(ada, "apps?sort=-name")).toReversed(), await names(ada, "apps"));

    const { wrong, runs } = await ask<Overview>(ada, "GET", "/yard/v1/overview");
    const item = wrong.items.find(({ name }) => name === "fails");
    assert.deepEqual([item?.kind, item?.severity, item?.what], ["app", "error", "It exited with 3."]);
    assert.equal(runs.apps?.failed, 1);
  });

  test("tasks and capsules are those of one's teams", async () => {
    const [ada, ben] = [await yard.makeUser("admin"), await yard.makeUser("view")];
    const { id: teamId } = await ask<{ id: string }>(ada, "POST", "/v1/teams", { name: "crew" });
    const own = await submit(ada, ada.username, ["echo", "mine"]);
    const crew = await submit(ada, "crew", ["echo", "ours"]);
    assert.deepEqual(
      (await list(ada, "tasks")).items.map(({ id }) => id),
      [crew.uuid, own.uuid],
    );
    assert.deepEqual((await list(ada, "tasks?team=crew&state=queued&label=l&search=ours")).items[0]?.id, crew.uuid);
    assert.deepEqual((await list(ben, "tasks")).items, []);

    const capsule = await ask<Row>(ada, "POST", "/v1/capsules", {});
    const [row] = (await list(ada, "capsules")).items;
    assert.deepEqual([row?.id, row?.status, row?.team, row?.mayUse], [capsule.id, "running", ada.username, true]);
    assert.deepEqual((await list(ben, "capsules")).items, []);
    const found = await list(ada, `search?q=${capsule.id}`);
    assert.deepEqual(
      found.items.map(({ id, kind }) => [kind, id]),
      [["capsule", capsule.id]],
    );
    const byUuid = await list(ada, `search?q=${own.uuid.slice(0, 30)}`);
    assert.ok(byUuid.items.some(({ id, kind }) => kind === "task" && id === own.uuid));
    assert.deepEqual((await list(ben, `search?q=${own.uuid}`)).items, []);
    assert.match(teamId, /^team-/);
    await ask(ada, "DELETE", `/v1/capsules/${capsule.id}`);
    assert.deepEqual((await list(ada, "capsules")).items, []);
    for (const query of ["ended=true", `id=${capsule.id}`, "status=stopped"])
      assert.equal((await list(ada, `capsules?${query}`)).items[0]?.status, "stopped", query);
    assert.deepEqual((await list(ben, `capsules?id=${capsule.id}`)).items, []);
  });

  test("executions are one's own", async () => {
    const [ada, ben] = [await yard.makeUser("admin"), await yard.makeUser("admin")];
    const { execution_id: id } = await ask<{ execution_id: string }>(ada, "POST", "/api/exec", { code: "throw 1" });
    const row = await until(async () => (await list(ada, "executions?status=failed")).items[0], { what: "its end" });
    assert.equal(row.id, id);
    assert.deepEqual((await list(ben, "executions")).items, []);
    assert.deepEqual(
      (await list(ada, `search?q=${id}`)).items.map(({ kind }) => kind),
      ["execution"],
    );
  });

  test("pages of events and of the audit log lead through all of it, while more comes", async () => {
    const throughAll = async (path: string) => {
      const seen: string[] = [];
      for (let after: string | null = ""; after !== null; ) {
        const page: Page = await list(yard.admin, `${path}limit=3${after && `&after=${after}`}`);
        seen.push(...page.items.map(({ id }) => id));
        after = page.items.length === 0 ? null : page.next;
        if (seen.length === 3) await submit(yard.admin, "admin");
      }
      return seen.map(Number);
    };
    const audit = await throughAll("audit?");
    assert.deepEqual(
      audit,
      Array.from({ length: audit.length }, (_, i) => audit.length - i),
      "none twice, none left out",
    );
    const events = await throughAll("events?sort=newest&");
    assert.deepEqual(
      events,
      events.toSorted((a, b) => b - a),
    );
    assert.equal(new Set(events).size, events.length);
    const actions = await list(yard.admin, "audit?action=task.&limit=5");
    assert.ok(actions.items.every(({ action }) => String(action).startsWith("task.")));
  });

  test("the host is there with what it uses, as of a moment ago", async () => {
    const [host] = (await list(yard.admin, "hosts")).items;
    assert.deepEqual([host?.engineId, host?.status, host?.isLocal, host?.connected], ["local", "online", true, true]);
    assert.ok(Math.abs(Number(host?.lastSeenAt) - Date.now()) < 60_000);
    await until(async () => ((await list(yard.admin, "hosts")).items[0]?.load ?? null) !== null, { what: "its load" });
    const load = await ask<{ points: { cpuPercent: number }[] }>(yard.admin, "GET", `/yard/v1/load?host=${host?.id}`);
    assert.ok(load.points.length > 0 && load.points.length <= 120);
    const none = await fetch(`${yard.url}/yard/v1/load?host=none`, {
      headers: { authorization: `Bearer ${yard.admin.token}` },
    });
    assert.equal(none.status, 404);
  });

  test("whoever may see little gets an overview of that, and null for the rest", async () => {
    const [viewer, tasker] = [await yard.makeUser("viewer"), await yard.makeUser("tasks")];
    const seen = await ask<Overview>(viewer, "GET", "/yard/v1/overview");
    assert.deepEqual(
      Object.entries(seen.runs).flatMap(([kind, counts]) => (counts === null ? [] : [kind])),
      ["containers", "stacks", "hosts"],
    );
    assert.deepEqual([seen.happened, seen.load === null], [null, false]);
    const other = await ask<Overview>(tasker, "GET", "/yard/v1/overview");
    assert.deepEqual([other.runs.apps, other.runs.hosts, other.load], [null, null, null]);
    assert.deepEqual(other.runs.tasks, { pending: 0, queued: 0, running: 0, failedLastHour: 0 });
    assert.deepEqual((await list(tasker, "search?q=admin")).items, [], "no user is found by whom none may list");
  });

  test("who is held to hosts by tags sees no other host, and nothing that is on one", async () => {
    const held = await yard.makeUser("viewer", ["elsewhere"]);
    assert.deepEqual((await list(held, "hosts")).items, []);
    const { runs, load } = await ask<Overview>(held, "GET", "/yard/v1/overview");
    assert.deepEqual([runs.hosts, load?.hosts, load?.points], [{}, [], []]);
    assert.deepEqual((await list(held, "containers")).items, []);
  });

  test("administrators are told what the machine can do, and others are not", async () => {
    const { findings } = await ask<{ findings: Row[] }>(yard.admin, "GET", "/yard/v1/doctor");
    for (const name of ["sandbox: namespace", "control groups", "docker", "database", "disk", "clock", "kvm"])
      assert.ok(
        findings.some((finding) => finding.name === name),
        name,
      );
    const viewer = await yard.makeUser("viewer");
    const refused = await fetch(`${yard.url}/yard/v1/doctor`, { headers: { authorization: `Bearer ${viewer.token}` } });
    assert.equal(refused.status, 403);
  });
});
