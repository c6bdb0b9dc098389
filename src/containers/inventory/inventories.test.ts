/** Inventories of a real engine, reached as this machine's own and as another's; whatever happens to it happens for real. */
import assert from "node:assert/strict";
import { connect } from "node:net";
import { describe, test } from "node:test";
import { skipWithoutDocker } from "../../../test/support/docker.ts";
import { busyboxImage, useTestEngine } from "../../../test/support/test-containers.ts";
import { readEngineJson } from "../../platform/docker/engine-reply.ts";
import { until } from "../../platform/testing/until.ts";
import { type DockerHost, type EngineSource, everywhere, openDockerHosts } from "../docker-hosts.ts";
import { createInventories, type HostEvent, type Inventories, type InventoryOptions } from "./inventories.ts";

const forever = ["sleep", "100000"];

/** The engine of a host, with what it was asked: paths of requests, and the connections that are open. */
interface Watched extends AsyncDisposable {
  readonly host: DockerHost;
  readonly inventories: Inventories;
  readonly asked: string[];
  /** Those that events come through. */
  streams(): number;
  breakConnections(): void;
  /** Resolves once a list costs the engine no list. */
  settled(): Promise<void>;
}

describe("inventories", { skip: skipWithoutDocker() }, () => {
  const tested = useTestEngine();

  function watch({ isLocal = false, ...options }: InventoryOptions & { isLocal?: boolean } = {}): Watched {
    const asked: string[] = [];
    const open = new Map<ReturnType<typeof connect>, string>();
    const dial = async () => {
      const socket = connect(tested.docker.socketPath);
      open.set(socket, "");
      socket.on("close", () => open.delete(socket));
      const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
      socket.write = (...args: unknown[]) => {
        const path = /^[A-Z]+ (\S+)/.exec(String(args[0]))?.[1];
        if (path) open.set(socket, path);
        if (path) asked.push(path);
        return write(...args);
      };
      return socket;
    };
    const source: EngineSource = {
      ...{ id: "one", name: "One", tags: [], isOnline: true, isLocal },
      engine: { name: "of host One", connect: dial },
    };
    const hosts = openDockerHosts(() => [source]);
    const inventories = createInventories(hosts, options);
    const host = hosts.get("one", everywhere);
    const isStream = (path: string) => path.includes("/events") && !path.includes("until");
    return {
      ...{ host, inventories, asked },
      streams: () => [...open.values()].filter(isStream).length,
      breakConnections() {
        for (const socket of open.keys()) socket.destroy();
      },
      async settled() {
        const isQuick = async () => {
          asked.length = 0;
          await inventories.containers(host, { all: true });
          return !asked.some((path) => path.includes("/containers/json"));
        };
        await until(isQuick, { what: "the inventory is kept" });
      },
      async [Symbol.asyncDispose]() {
        await inventories[Symbol.asyncDispose]();
        await hosts[Symbol.asyncDispose]();
      },
    };
  }

  const engineList = () =>
    tested.containers.engine.call("list", (client) =>
      readEngineJson(client, "/containers/json", { query: { all: true } }),
    );

  async function rowOf({ inventories, host }: Watched, name: string) {
    const rows = await inventories.containers(host, { all: true });
    return rows.find(({ Names: names }) => names.includes(`/${name}`));
  }

  test("a list is what the engine would say, to the letter, and costs it no list", async () => {
    await tested.containers.run("plain", forever, { Labels: { "a.b": "c" } });
    await tested.containers.run("ended", ["false"]);
    await tested.containers.run("paused", forever);
    await tested.containers.engine.call("pause", (client) => client.getContainer("paused").pause());
    for (const isLocal of [true, false]) {
      await using watched = watch({ isLocal });
      await watched.settled();
      watched.asked.length = 0;
      // Between two of the engine's lists a second may pass, and texts change with it.
      await until(async () => {
        const listed = await watched.inventories.containers(watched.host, { all: true });
        return JSON.stringify(listed) === JSON.stringify(await engineList());
      });
      assert.deepEqual(
        watched.asked.filter((path) => !path.includes("/events")),
        [],
      );
      const up = await watched.inventories.containers(watched.host, { all: false });
      assert.deepEqual(up.map(({ Names: [name] }) => name).sort(), ["/paused", "/plain"]);
    }
  });

  test("it holds every change whose call was answered before, at once", async () => {
    for (const isLocal of [true, false]) {
      await using watched = watch({ isLocal });
      await watched.settled();
      const { engine } = tested.containers;
      const act = (what: "start" | "pause" | "unpause") =>
        engine.call(what, (client) => client.getContainer("raced")[what]());
      for (let round = 0; round < 2; round++) {
        await tested.containers.run("raced", forever);
        assert.equal((await rowOf(watched, "raced"))?.State, "running");
        await act("pause");
        assert.match((await rowOf(watched, "raced"))?.Status ?? "", /^Up .* \(Paused\)$/);
        await act("unpause");
        assert.equal((await rowOf(watched, "raced"))?.State, "running");
        await engine.call("stop", (client) => client.getContainer("raced").stop({ t: 0 }));
        // How long ago is not for this test: with a busy disk, an engine's own answer to a stop takes seconds.
        assert.match((await rowOf(watched, "raced"))?.Status ?? "", /^Exited \(137\) /);
        await act("start");
        assert.match((await rowOf(watched, "raced"))?.Status ?? "", /^Up .* seconds?$/);
        await engine.call("rename", (client) => client.getContainer("raced").rename({ name: "renamed" }));
        assert.equal(await rowOf(watched, "raced"), undefined);
        assert.notEqual(await rowOf(watched, "renamed"), undefined);
        await tested.containers.remove("renamed");
        assert.equal(await rowOf(watched, "renamed"), undefined);
      }
    }
  });

  test("a program that ends by itself shows, and so does its health", async () => {
    await using watched = watch();
    await watched.settled();
    await tested.containers.run("brief", ["sleep", "0.3"]);
    const Healthcheck = { Test: ["CMD", "false"], Interval: 1e9, Timeout: 5e9, Retries: 1 };
    await tested.containers.run("ill", forever, { Healthcheck });
    assert.match((await rowOf(watched, "ill"))?.Status ?? "", /\(health: starting\)$/);
    await until(async () => /^Exited \(0\)/.test((await rowOf(watched, "brief"))?.Status ?? ""));
    await until(async () => /\(unhealthy\)$/.test((await rowOf(watched, "ill"))?.Status ?? ""));
    await tested.containers.remove("ill");
    await watched.settled();
  });

  test("an image that gets another name shows in the rows of its containers", async () => {
    await using watched = watch();
    await tested.containers.engine.call("tag", (client) =>
      client.getImage(busyboxImage).tag({ repo: "other", tag: "1" }),
    );
    await tested.containers.run("named", forever, { Image: "other:1" });
    await watched.settled();
    assert.equal((await rowOf(watched, "named"))?.Image, "other:1");
    await tested.containers.engine.call("untag", (client) => client.getImage("other:1").remove());
    assert.match((await rowOf(watched, "named"))?.Image ?? "", /^(?:sha256:)?[0-9a-f]+$/);
    await tested.containers.remove("named");
  });

  test("however many look and listen, there is one stream, and none once nobody does", async () => {
    await using watched = watch({ idleMs: 50, tendMs: 10 });
    const { inventories, host } = watched;
    const events: HostEvent[] = [];
    const listening = Array.from({ length: 20 }, () => inventories.onEvent((event) => events.push(event)));
    await Promise.all(listening.map(() => inventories.containers(host, { all: true })));
    await until(() => watched.streams() > 0);
    await tested.containers.run("seen", ["true"]);
    await until(() => events.filter(({ action }) => action === "die").length >= 20);
    assert.equal(watched.streams(), 1);
    const starts = events.filter(({ action }) => action === "start");
    assert.deepEqual([starts.length, starts[0]?.hostId, starts[0]?.attributes.name], [20, "one", "seen"]);
    for (const one of listening) one[Symbol.dispose]();
    await until(() => watched.streams() === 0, { what: "the stream is closed" });
    assert.notEqual(await rowOf(watched, "seen"), undefined);
  });

  test("after a gap in the stream nothing is missing, and nothing is told twice", async () => {
    await using watched = watch();
    const started: string[] = [];
    using _listening = watched.inventories.onEvent(({ action, attributes }) => {
      if (action === "start") started.push(attributes.name ?? "");
    });
    await watched.settled();
    for (const round of [1, 2, 3]) {
      const running = tested.containers.run(`gap-${round}`, forever);
      watched.breakConnections();
      await running;
      assert.equal((await rowOf(watched, `gap-${round}`))?.State, "running");
    }
    await until(() => started.length >= 3);
    await watched.settled();
    assert.deepEqual(started, ["gap-1", "gap-2", "gap-3"]);
  });

  test("more changes than an engine remembers are all there in the end", async () => {
    await using watched = watch();
    await watched.settled();
    const { engine } = tested.containers;
    const made = await Promise.all(
      Array.from({ length: 4 }, async (_, i) => {
        const name = `busy-${i}`;
        await tested.containers.run(name, forever);
        for (let round = 0; round < 35; round++) {
          await engine.call("rename", (client) => client.getContainer(name).rename({ name: `${name}-x` }));
          await engine.call("rename", (client) => client.getContainer(`${name}-x`).rename({ name }));
        }
        return name;
      }),
    );
    for (const name of made) assert.equal((await rowOf(watched, name))?.State, "running");
    await Promise.all(made.map((name) => tested.containers.remove(name)));
    assert.equal(await rowOf(watched, "busy-0"), undefined);
  });

  test("an engine that hangs is reported within the time, and goes on where it was", async () => {
    await using watched = watch({ timeoutMs: 300 });
    await watched.settled();
    const frozen = await tested.docker.freeze();
    const began = performance.now();
    await assert.rejects(watched.inventories.containers(watched.host, { all: true }), { code: "unavailable" });
    assert.ok(performance.now() - began < 2_000);
    await frozen[Symbol.asyncDispose]();
    await until(async () => (await rowOf(watched, "plain").catch(() => undefined)) !== undefined);
    await watched.settled();
  });

  test("an engine that is stopped is reported, and followed again once it is back", async () => {
    await using watched = watch();
    const seen: string[] = [];
    using _listening = watched.inventories.onEvent(({ action, attributes }) =>
      seen.push(`${action} ${attributes.name}`),
    );
    await watched.settled();
    await tested.docker.stop();
    await assert.rejects(watched.inventories.containers(watched.host, { all: true }), { code: "unavailable" });
    await tested.docker.start();
    assert.match((await rowOf(watched, "plain"))?.Status ?? "", /^Exited/);
    await until(() => watched.streams() === 1);
    await tested.containers.run("afterwards", forever);
    assert.equal((await rowOf(watched, "afterwards"))?.State, "running");
    await until(() => seen.includes("start afterwards"));
    await watched.settled();
  });
});
