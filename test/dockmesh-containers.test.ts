/** Dockmesh's containers, images, volumes and networks, on a real engine: once as the server's own, once through the tunnel of a joined agent. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { readLocalYard } from "../src/client/local-yard.ts";
import { until } from "../src/platform/testing/until.ts";
import { auditLog } from "./support/audit-log.ts";
import { skipWithoutDocker } from "./support/docker.ts";
import { type Caller, useDockmeshYard } from "./support/dockmesh.ts";
import { askYard, type JoinedAgent, joinYard } from "./support/joined-agent.ts";
import { busyboxImage, useTestEngine } from "./support/test-containers.ts";

type Rows = readonly Record<string, unknown>[];
interface FanOut {
  readonly items: Rows;
  readonly unreachable_hosts: readonly {
    readonly host_id: string;
    readonly host_name: string;
    readonly error: string;
    readonly reason: string;
  }[];
}

const forever = ["sleep", "100000"];
/** The whole of what a program that ignores its stop signal would be waited for. */
const atOnce = { StopTimeout: 0 };

describe("Dockmesh's engines", { skip: skipWithoutDocker() }, () => {
  const tested = useTestEngine();
  const yard = useDockmeshYard(() => ({ "docker-socket": tested.docker.socketPath }));

  let agent: JoinedAgent;
  let remote: string;
  before(async () => {
    const local = await readLocalYard(yard.opened.data);
    assert.ok(local);
    agent = await joinYard(local, { inside: ["env", `DOCKER_HOST=unix://${tested.docker.socketPath}`] });
    const found = await until(async () => {
      const hosts = await yard.admin.expect<Rows>(200, "GET", "/hosts");
      return hosts.find(({ kind, status }) => kind === "agent" && status === "online");
    });
    remote = String(found.id);
    await askYard(local, "POST", `/v1/hosts/${agent.wireId}/tags`, { tag: "edge" });
  });
  after(() => agent?.[Symbol.asyncDispose]());

  const ask = (method: string, path: string, body?: unknown) => yard.admin.ask(method, path, body);
  const list = (query = "", caller: Caller = yard.admin) => caller.expect<Rows>(200, "GET", `/containers${query}`);
  const namesOf = (rows: Rows) => rows.map(({ Names }) => String((Names as readonly string[])[0]).slice(1));

  async function statusOf(method: string, path: string, body?: unknown): Promise<number> {
    return (await ask(method, path, body)).status;
  }

  for (const host of ["", "remote"]) {
    const where = host === "" ? "of the server" : "of a joined agent";
    const at = (more = "") => `?${host === "" ? "" : `host=${remote}&`}${more}`;
    const named = (name: string) => `${name}${host}`;

    test(`containers ${where} are listed, looked at and controlled`, async () => {
      const name = named("one");
      const id = await tested.containers.run(name, forever, atOnce);
      await tested.containers.run(named("over"), ["true"]);
      await until(async () => !namesOf(await list(at())).includes(named("over")));
      for (const flag of ["all=1", "all=true"]) {
        const all = namesOf(await list(at(flag)));
        assert.ok(all.includes(name) && all.includes(named("over")), String(all));
      }
      for (const one of [id, id.slice(0, 12), name]) {
        const seen = await yard.admin.expect<{ Id: string }>(200, "GET", `/containers/${one}${at()}`);
        assert.equal(seen.Id, id);
      }
      const stateNow = async () => (await list(at("all=1"))).find(({ Id }) => Id === id)?.State;
      for (const [action, state] of [
        ["pause", "paused"],
        ["unpause", "running"],
        ["stop", "exited"],
        ["stop", "exited"],
        ["start", "running"],
        ["start", "running"],
        ["restart", "running"],
        ["kill", "exited"],
      ] as const) {
        assert.equal(await statusOf("POST", `/containers/${name}/${action}${at()}`), 204, action);
        await until(async () => (await stateNow()) === state, { what: `${state} after ${action}` });
      }
      assert.equal(await statusOf("POST", `/containers/${name}/pause${at()}`), 409);
      await ask("POST", `/containers/${name}/start${at()}`);
      const kept = await ask("DELETE", `/containers/${name}${at()}`);
      assert.deepEqual([kept.status, /running container/.test(kept.json.error)], [409, true]);
      assert.equal(await statusOf("DELETE", `/containers/${name}${at("force=true")}`), 204);
      assert.equal(await stateNow(), undefined);
      assert.equal(await statusOf("GET", `/containers/${name}${at()}`), 404);
      assert.equal(await statusOf("POST", `/containers/${name}/start${at()}`), 404);
    });

    test(`volumes ${where} are made, read and removed, and nothing leads out of them`, async () => {
      const name = named("data");
      const made = await yard.admin.expect(201, "POST", `/volumes${at()}`, { name, labels: { kept: "yes" } });
      assert.deepEqual([made.Name, made.Driver, made.Labels], [name, "local", { kept: "yes" }]);
      const script = [
        "cd /data && mkdir -p dir/deep secret && printf 'hello\\n' > dir/file && chmod 600 dir/file",
        "head -c 1500000 /dev/zero > big && chmod 700 secret && chown 1000 secret && printf inside > secret/file",
        "ln -s dir/file link && ln -s /etc/passwd out && ln -s ../../bin/busybox up && ln -s dir inner",
        "touch \"$(printf 'a\\nb')\" && mkfifo pipe",
      ].join(" && ");
      await tested.containers.run(named("filler"), ["sh", "-c", script], { HostConfig: { Binds: [`${name}:/data`] } });
      await until(async () => !namesOf(await list(at())).includes(named("filler")));

      type Entry = { name: string; type: string; size: number; mode: string; mod_time: string; link_dest?: string };
      const browse = (path: string) => ask("GET", `/volumes/${name}/browse${at(`path=${encodeURIComponent(path)}`)}`);
      const entries = (await yard.admin.expect<Entry[]>(200, "GET", `/volumes/${name}/browse${at()}`)).map(
        ({ name: entry, type, link_dest: target }) => [entry, type, target].filter(Boolean).join(" "),
      );
      assert.deepEqual(entries, [
        "a\nb file",
        "big file",
        "dir dir",
        "inner symlink dir",
        "link symlink dir/file",
        "out symlink /etc/passwd",
        "pipe file",
        "secret dir",
        "up symlink ../../bin/busybox",
      ]);
      const [deep, file] = (await browse("/dir")).json as unknown as Entry[];
      assert.deepEqual([deep?.type, file?.size, file?.mode], ["dir", 6, "-rw-------"]);
      assert.ok(Math.abs(Date.parse(file?.mod_time ?? "") - Date.now()) < 600_000);
      assert.equal((await browse("/inner")).status, 200);

      const read = (path: string) =>
        ask("GET", `/volumes/${name}/browse/file${at(`path=${encodeURIComponent(path)}`)}`);
      for (const path of ["dir/file", "/link", "dir/deep/../file", "inner/file"]) {
        const { content, ...facts } = (await read(path)).json as unknown as Record<string, unknown>;
        assert.deepEqual(facts, { size: 6, truncated: false, binary: false }, path);
        assert.equal(Buffer.from(String(content), "base64").toString(), "hello\n");
      }
      assert.equal((await read("secret/file")).json.size, 6);
      const big = (await read("big")).json;
      assert.deepEqual([big.size, big.truncated, big.binary], [1_500_000, true, true]);
      assert.equal(Buffer.from(String(big.content), "base64").length, 1024 * 1024);

      for (const path of [
        "out",
        "up",
        "../volume/big",
        "dir/../../etc/passwd",
        "/proc/self/environ/..",
        "dir",
        "pipe",
      ]) {
        const { status, text } = await read(path);
        assert.ok(status === 400 || status === 404, `${path}: ${status} ${text}`);
      }
      for (const path of ["out", "..", "dir/file", "nothing", "-rf", "$(id)"]) {
        const { status, text } = await browse(path);
        assert.ok(status === 400 || status === 404, `${path}: ${status} ${text}`);
      }
      assert.equal(await statusOf("GET", `/volumes/nothing/browse${at()}`), 404);
      assert.ok(!(await yard.admin.expect<Rows>(200, "GET", `/volumes${at()}`)).some(({ Name }) => Name === "nothing"));

      assert.equal(await statusOf("DELETE", `/volumes/${name}${at()}`), 409);
      await tested.containers.remove(named("filler"));
      assert.equal(await statusOf("DELETE", `/volumes/${name}${at()}`), 204);
      assert.equal(await statusOf("GET", `/volumes/${name}${at()}`), 404);
      assert.deepEqual(
        namesOf(await list(at("all=1"))).filter((one) => one.includes("reader")),
        [],
      );
    });
  }

  test("networks are listed with who is on them, and drawn", async () => {
    const { Id: network } = await yard.admin.expect<{ Id: string }>(201, "POST", "/networks", {
      name: "web",
      driver: "bridge",
      labels: { "com.docker.compose.project": "shop" },
    });
    assert.equal(await statusOf("POST", "/networks", { name: "web" }), 409);
    const Labels = { "com.docker.compose.project": "shop", "com.docker.compose.service": "front" };
    const HostConfig = { NetworkMode: "web" };
    const front = await tested.containers.run("front", forever, { ...atOnce, Labels, HostConfig });
    const gone = await tested.containers.run("gone", ["true"], { HostConfig });
    await until(async () => !namesOf(await list()).includes("gone"));

    type Ends = Record<string, { Name: string; IPv4Address: string; MacAddress: string }>;
    const web = (await yard.admin.expect<Rows>(200, "GET", "/networks")).find(({ Id }) => Id === network);
    const ends = web?.Containers as Ends;
    assert.deepEqual(Object.keys(ends).sort(), [front, gone].sort());
    assert.match(ends[front]?.IPv4Address ?? "", /^172\.\d+\.\d+\.\d+\/16$/);
    assert.deepEqual([ends[front]?.Name, ends[gone]?.Name], ["front", "gone"]);

    const drawn = await yard.admin.expect<{ networks: Rows; containers: Rows; links: Rows }>(
      200,
      "GET",
      "/networks/topology",
    );
    const host = drawn.networks.find(({ name }) => name === "host");
    assert.deepEqual([host?.system, host?.stack], [true, undefined]);
    const drawnWeb = drawn.networks.find(({ id }) => id === network);
    assert.deepEqual([drawnWeb?.system, drawnWeb?.stack, drawnWeb?.driver], [false, "shop", "bridge"]);
    assert.equal(drawn.containers.find(({ id }) => id === front)?.stack, "shop");
    assert.ok(drawn.links.some((link) => link.network_id === network && link.container_id === front));

    assert.equal((await yard.admin.expect(200, "GET", `/networks/${network}`)).Name, "web");
    assert.equal(await statusOf("DELETE", "/networks/web"), 409);
    assert.equal(await statusOf("DELETE", "/networks/host"), 409);
    await tested.containers.remove("front");
    await tested.containers.remove("gone");
    assert.deepEqual(await yard.admin.expect(200, "POST", "/networks/prune"), { NetworksDeleted: ["web"] });
    assert.equal(await statusOf("DELETE", "/networks/web"), 404);
  });

  test("images are listed and removed, and refusals of a pull are statuses", async () => {
    await tested.containers.engine.call("tag", (client) =>
      client.getImage(busyboxImage).tag({ repo: "extra/one", tag: "1" }),
    );
    const images = await yard.admin.expect<Rows>(200, "GET", "/images");
    assert.ok(images.some(({ RepoTags }) => (RepoTags as readonly string[]).includes("extra/one:1")));
    assert.deepEqual(await yard.admin.expect(200, "DELETE", "/images/extra%2Fone%3A1"), [{ Untagged: "extra/one:1" }]);
    assert.equal(await statusOf("DELETE", "/images/extra%2Fone%3A1"), 404);
    await tested.containers.run("user", forever, atOnce);
    assert.equal(await statusOf("DELETE", `/images/${encodeURIComponent(busyboxImage)}`), 409);
    const report = await yard.admin.expect(200, "POST", "/images/prune");
    assert.deepEqual([report.ImagesDeleted, report.SpaceReclaimed], [null, 0]);

    assert.equal(await statusOf("POST", "/images/pull", {}), 400);
    for (const image of ["UPPER case", "../../etc", "a b", "x:$(id)", "-rf", "http://registry/x"]) {
      const { status, json } = await ask("POST", "/images/pull", { image });
      assert.deepEqual([status, typeof json.error], [422, "string"], image);
    }
    const { status, json } = await ask("POST", "/images/pull", { image: "127.0.0.1:9/nobody/there:1" });
    assert.equal(status, 500);
    assert.match(json.error, /connection refused/);
  });

  test("counts are of one host, or of all", async () => {
    const Labels = { "com.docker.compose.project": "counted", "com.docker.compose.service": "web" };
    await tested.containers.run("counted", forever, { ...atOnce, Labels });
    type Summary = { total: number; running: number; by_stack: Record<string, unknown> };
    const own = await yard.admin.expect<Summary>(200, "GET", "/containers/summary");
    assert.deepEqual(own.by_stack.counted, { total: 1, running: 1, unhealthy: 0, hosts: ["local"], services: ["web"] });
    const all = await yard.admin.expect<Summary>(200, "GET", "/containers/summary?host=all");
    assert.equal(all.total, 2 * own.total); // both hosts have the same engine
    assert.deepEqual((all.by_stack.counted as { hosts: unknown }).hosts, ["local", remote]);
    await tested.containers.remove("counted");
  });

  test("whom a list is for decides which hosts it is of", async () => {
    const edge = await yard.makeUser("operator", ["edge"]);
    assert.deepEqual(
      (await edge.expect<Rows>(200, "GET", "/hosts")).map(({ id }) => id),
      [remote],
    );
    for (const path of ["/containers", "/images", "/volumes", "/networks"]) {
      const { items } = await edge.expect<FanOut>(200, "GET", `${path}?host=all`);
      assert.deepEqual(
        [...new Set(items.map(({ host_id: id }) => id))].filter((id) => id !== remote),
        [],
        path,
      );
      assert.equal((await edge.ask("GET", path)).status, 403, path);
      assert.equal((await edge.ask("GET", `${path}?host=${remote}`)).status, 200, path);
    }
    const viewer = await yard.makeUser("viewer");
    for (const [method, path, body] of [
      ["POST", "/containers/user/stop"],
      ["POST", "/containers/user/kill", {}],
      ["DELETE", "/containers/user"],
      ["POST", "/images/pull", { image: "x" }],
      ["POST", "/images/prune"],
      ["DELETE", "/images/x"],
      ["POST", "/volumes", { name: "x" }],
      ["DELETE", "/volumes/x"],
      ["POST", "/volumes/prune"],
      ["GET", "/volumes/x/browse"],
      ["GET", "/volumes/x/browse/file?path=x"],
      ["POST", "/networks", { name: "x" }],
      ["DELETE", "/networks/x"],
      ["POST", "/networks/prune"],
    ] as const) {
      assert.equal((await viewer.ask(method, path, body)).status, 403, `${method} ${path}`);
    }
  });

  test("names that lead elsewhere reach no engine", async () => {
    const tricks = [
      "..%2Fx",
      "..",
      "x%2F..%2F..%2Finfo",
      "%00",
      "x%3Fforce=1",
      "-x",
      "$(id)",
      "%E2%80%AEx",
      "a%0Ab",
      "x".repeat(300),
    ];
    for (const name of tricks) {
      for (const [method, path] of [
        ["GET", `/containers/${name}`],
        ["POST", `/containers/${name}/start`],
        ["DELETE", `/images/${name}`],
        ["GET", `/volumes/${name}`],
        ["GET", `/volumes/${name}/browse`],
        ["GET", `/networks/${name}`],
        ["DELETE", `/networks/${name}`],
      ] as const) {
        const status = await statusOf(method, path);
        assert.ok([400, 404, 405].includes(status), `${method} ${path}: ${status}`);
      }
    }
    for (const name of ["../x", "", "a/b", "-x", "a\nb", "x".repeat(300)]) {
      assert.equal(await statusOf("POST", "/volumes", { name }), 400, name);
      assert.equal(await statusOf("POST", "/networks", { name }), 400, name);
    }
    assert.equal(await statusOf("POST", "/containers/user/kill", { signal: "$(id)" }), 400);
    assert.equal(await statusOf("GET", "/containers?host=nobody"), 503);
    assert.equal(await statusOf("GET", "/containers/user?host=all"), 400);
  });

  test("changes are on record, with who made them and where", async () => {
    await yard.admin.expect(201, "POST", "/volumes", { name: "recorded" });
    await yard.admin.expect(204, "DELETE", "/volumes/recorded");
    const actions = auditLog(yard.opened.data).map(({ action, target }) => `${action} ${target}`);
    assert.ok(actions.includes("volume.create recorded") && actions.includes("volume.remove recorded"));
  });

  test("a host that hangs or is gone is named, and costs the others nothing", async () => {
    const whole = await yard.admin.expect<FanOut>(200, "GET", "/containers?host=all&all=1");
    assert.deepEqual([...new Set(whole.items.map(({ host_id: id, host_name: name }) => `${id} ${name}`))].length, 2);
    assert.deepEqual(whole.unreachable_hosts, []);

    process.kill(agent.pid, "SIGSTOP");
    using stopped = new DisposableStack();
    stopped.defer(() => void process.kill(agent.pid, "SIGCONT"));
    const began = performance.now();
    const partial = await yard.admin.expect<FanOut>(200, "GET", "/containers?host=all");
    assert.ok(performance.now() - began < 6_000);
    assert.ok(partial.items.length > 0 && partial.items.every(({ host_id: id }) => id === "local"));
    assert.deepEqual(
      partial.unreachable_hosts.map(({ host_id: id, error, reason }) => [id, error === reason]),
      [[remote, true]],
    );
    stopped.move();
    await agent.end("SIGKILL");
    const offline = await until(async () => {
      const { unreachable_hosts: away } = await yard.admin.expect<FanOut>(200, "GET", "/containers?host=all");
      return away.find(({ error }) => error === "agent offline");
    });
    assert.equal(offline.host_id, remote);
    const { status, json } = await ask("GET", `/containers?host=${remote}`);
    assert.deepEqual([status, json.error], [503, "agent offline"]);
    await agent.start();
    await until(async () => (await statusOf("GET", `/containers?host=${remote}`)) === 200);
  });

  test("an engine that is stopped is unavailable, and its host is listed again once it is back", async () => {
    await tested.docker.stop();
    for (const path of ["/containers", "/images", "/volumes", "/networks", "/containers/user"]) {
      assert.equal(await statusOf("GET", path), 503, path);
    }
    const { items, unreachable_hosts: away } = await yard.admin.expect<FanOut>(200, "GET", "/containers?host=all");
    assert.deepEqual([items.length, away.length], [0, 2]);
    await tested.docker.start();
    assert.ok(namesOf(await list("?all=1")).includes("user"));
  });
});
