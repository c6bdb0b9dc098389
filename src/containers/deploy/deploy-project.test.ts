/** Deployments on a real engine: what they make, what they leave alone, and that whatever cuts one off, the next one ends well. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, describe, test } from "node:test";
import { skipWithoutDocker } from "../../../test/support/docker.ts";
import { newProject, oldProject } from "../../../test/support/killed-deploy.ts";
import { busyboxImage, useTestEngine } from "../../../test/support/test-containers.ts";
import type { Engine } from "../../platform/docker/engine.ts";
import { isYardError } from "../../platform/errors.ts";
import type { ComposeProject, ServiceSpec } from "../compose/project.ts";
import { listContainers } from "./actual-state.ts";
import { type Deployed, deployProject } from "./deploy-project.ts";
import { label } from "./labels.ts";
import { findLeavings, removeContainers } from "./remove-project.ts";
import { type RollOptions, rollService } from "./roll-service.ts";
import { scaleService } from "./scale-service.ts";
import { createSteps } from "./steps.ts";
import { after, testProject, testService } from "./testing.ts";

const forever = { image: busyboxImage, command: ["sleep", "100000"] };
const broken = { image: busyboxImage, command: ["sh", "-c", "echo it is broken >&2; exit 3"] };

describe("a deployment", { skip: skipWithoutDocker() }, () => {
  const tested = useTestEngine();
  afterEach(() =>
    removeContainers(
      tested.containers.engine,
      "shop",
      createSteps(() => {}, new AbortController().signal),
    ),
  );

  interface Options {
    readonly engine?: Engine;
    readonly isLocal?: boolean;
    readonly settleMs?: number;
    tell?(line: string): void | Promise<void>;
    readonly signal?: AbortSignal;
  }

  const never = new AbortController().signal;
  function partsFor(
    project: ComposeProject,
    { engine = tested.containers.engine, isLocal = true, settleMs = 100, tell = () => {}, signal = never }: Options,
  ) {
    const host = { id: "h", name: "h", isLocal, tags: [], isOnline: true, engine };
    return {
      target: { host, project, directory: "/stacks/shop", isConfined: false },
      tools: {
        ...{ step: createSteps(tell, signal), signal, times: { settleMs, completionMs: 10_000 } },
        pull: async () => {},
      },
    };
  }

  function deploy(project: ComposeProject, options: Options = {}): Promise<Deployed> {
    const { target, tools } = partsFor(project, options);
    return deployProject(target, tools);
  }

  /** Its steps, without those that wait. */
  async function stepsOf(project: ComposeProject): Promise<readonly string[]> {
    const lines: string[] = [];
    await deploy(project, { tell: (line) => void lines.push(line) });
    return lines.filter((line) => !line.endsWith(": done") && !line.startsWith("wait"));
  }

  function shop(...services: ServiceSpec[]): ComposeProject {
    return testProject("shop", { services });
  }

  async function running(): Promise<readonly string[]> {
    const all = await listContainers(tested.containers.engine, "shop");
    return all.map(({ name, state }) => (state === "running" ? name : `${name} ${state}`));
  }

  const inspect = (name: string) => tested.containers.engine.call("inspect", (d) => d.getContainer(name).inspect());

  test("makes what there is not, leaves what is as it should be, and replaces what is not", async () => {
    const [web, db] = [testService("web", { ...forever, dependsOn: after("db") }), testService("db", forever)];
    assert.deepEqual(await stepsOf(shop(web, db)), [
      "create network shop_default",
      ...["create container shop-db-1", "create container shop-web-1"],
      ...["start container shop-db-1", "start container shop-web-1"],
    ]);
    assert.deepEqual(await stepsOf(shop(web, db)), []);
    const { id } = (await listContainers(tested.containers.engine, "shop")).find(({ service }) => service === "web")!;
    const changed = { ...web, environment: new Map([["A", "1"]]) };
    assert.deepEqual(await stepsOf(shop(changed, db)), [
      `create container ${id.slice(0, 12)}_shop-web-1`,
      "stop container shop-web-1",
      "remove container shop-web-1",
      `rename container ${id.slice(0, 12)}_shop-web-1 to shop-web-1`,
      "start container shop-web-1",
    ]);
    assert.deepEqual(await running(), ["shop-db-1", "shop-web-1"]);
    assert.deepEqual((await inspect("shop-web-1")).Config.Env?.slice(0, 1), ["A=1"]);
  });

  test("gives containers the labels that docker compose knows, and their service's name in each network", async () => {
    const networks = new Map([
      ["default", { aliases: [] }],
      ["back", { aliases: ["store"] }],
    ]);
    const labels = new Map([
      ["com.docker.compose.project", "other"],
      ["mine", "1"],
    ]);
    const service = testService("db", { ...forever, networks, labels });
    await deploy(testProject("shop", { services: [service], networks: { back: {} } }));
    const { Config, NetworkSettings } = await inspect("shop-db-1");
    const { "com.docker.compose.config-hash": hash, ...rest } = Config.Labels;
    assert.match(hash!, /^[0-9a-f]{64}$/);
    assert.deepEqual(rest, {
      "com.docker.compose.project": "shop",
      "com.docker.compose.service": "db",
      "com.docker.compose.container-number": "1",
      "com.docker.compose.oneoff": "False",
      "com.docker.compose.version": "2",
      "com.docker.compose.project.working_dir": "/stacks/shop",
      "com.docker.compose.project.config_files": "/stacks/shop/compose.yaml",
      "dockmesh.managed": "true",
      mine: "1",
    });
    const aliases = Object.entries(NetworkSettings.Networks).map(([name, { Aliases }]) => [name, Aliases.slice(0, 2)]);
    assert.deepEqual(Object.fromEntries(aliases).shop_back, ["db", "store"]);
    assert.equal(Object.fromEntries(aliases).shop_default?.[0], "db");
  });

  test("keeps what a container has in volumes without names when it is replaced", async () => {
    const mounts = [{ kind: "volume", target: "/data", readOnly: false, noCopy: false }] as const;
    const service = testService("db", { ...forever, mounts });
    await deploy(shop(service));
    const [before] = (await inspect("shop-db-1")).Mounts;
    await deploy(shop({ ...service, environment: new Map([["A", "1"]]) }));
    const [after] = (await inspect("shop-db-1")).Mounts;
    assert.match(before?.Name ?? "", /^[0-9a-f]{64}$/);
    assert.equal(after?.Name, before?.Name);
  });

  test("waits for the health, the start or the end of what a service depends on", async () => {
    const order: string[] = [];
    const db = testService("db", {
      ...forever,
      command: ["sh", "-c", "sleep 0.5; touch /tmp/up; sleep 100000"],
      healthcheck: { test: ["CMD", "test", "-e", "/tmp/up"], intervalMs: 200, retries: 20 },
    });
    const job = testService("job", { ...forever, command: ["sleep", "0.5"], dependsOn: after("db") });
    const web = testService("web", {
      ...forever,
      dependsOn: new Map([
        ["db", { condition: "service_healthy", required: true }],
        ["job", { condition: "service_completed_successfully", required: true }],
      ]),
    });
    await deploy(shop(web, job, db), { tell: (line) => void order.push(line) });
    const at = (line: string) => order.indexOf(line);
    assert.ok(at("wait for db: done") < at("start container shop-web-1"));
    assert.ok(at("wait for the end of job: done") < at("start container shop-web-1"));
    assert.ok(at("start container shop-db-1: done") < at("start container shop-job-1"));
    assert.deepEqual(await running(), ["shop-db-1", "shop-job-1 exited", "shop-web-1"]);
  });

  test("makes a container anew whose image's name means another image by now", async () => {
    const service = testService("web", { ...forever, image: "moving:1" });
    const tag = (name: string) =>
      tested.containers.engine.call("tag", (d) => d.getImage(name).tag({ repo: "moving", tag: "1" }));
    await tag(busyboxImage);
    await deploy(shop(service));
    const { id } = (await listContainers(tested.containers.engine, "shop"))[0]!;
    await tested.containers.engine.call("commit", (d) => d.getContainer(id).commit({ repo: "moving", tag: "1" }));
    await deploy(shop(service));
    assert.notEqual((await listContainers(tested.containers.engine, "shop"))[0]?.id, id);
  });

  test("says what a container that does not come up has said", async () => {
    await assert.rejects(deploy(shop(testService("web", broken))), (error) => {
      return isYardError(error, "internal") && /shop-web-1 ended, with code 3: it is broken/.test(error.message);
    });
    const late = { ...broken, command: ["sh", "-c", "sleep 1; echo too late; exit 4"] };
    const began = performance.now();
    await assert.rejects(deploy(shop(testService("web", late)), { settleMs: 60_000 }), /ended, with code 4: too late/);
    assert.ok(performance.now() - began < 30_000, "an end is told of when it is seen");
    const sick = {
      ...forever,
      healthcheck: { test: ["CMD-SHELL", "echo too bad; false"], intervalMs: 100, retries: 1 },
    };
    await assert.rejects(deploy(shop(testService("web", sick))), (error) => {
      return isYardError(error, "internal") && /shop-web-1 is unhealthy: too bad/.test(error.message);
    });
  });

  for (const { what, said, field } of [
    {
      what: "an image that there is not",
      said: { image: "missing:1", pullPolicy: "never" },
      field: "services.web.image",
    },
    {
      what: "a program that there is not",
      said: { image: busyboxImage, command: ["/missing"] },
      field: "services.web",
    },
    {
      what: "several containers of one name",
      said: { ...forever, containerName: "one", replicas: 2 },
      field: "services.web.container_name",
    },
  ] as const) {
    test(`says that the file is at fault for ${what}`, async () => {
      await assert.rejects(deploy(shop(testService("web", said))), (error) => {
        return isYardError(error, "precondition") && error.field === field;
      });
    });
  }

  test("says that a port is taken", async () => {
    const ports = [{ target: 80, published: 18_080, protocol: "tcp" }] as const;
    await assert.rejects(
      deploy(shop(testService("web", { ...forever, ports, replicas: 2 }))),
      (error) => isYardError(error, "precondition") && /A port of it is taken/.test(error.message),
    );
  });

  test("leaves a container alone that has the name and is not the project's", async () => {
    await tested.containers.run("shop-web-1", ["sleep", "100000"]);
    await assert.rejects(deploy(shop(testService("web", forever))), (error) => isYardError(error, "precondition"));
    assert.ok((await inspect("shop-web-1")).State.Running);
    await tested.containers.remove("shop-web-1");
  });

  test("refuses files of the server's on another host", async () => {
    const mounts = [
      { kind: "bind", source: "/stacks/shop/a.conf", target: "/a", readOnly: true, createHostPath: false },
    ] as const;
    const project = shop(testService("web", { ...forever, mounts }));
    await assert.rejects(deploy(project, { isLocal: false }), (error) => isYardError(error, "precondition"));
  });

  const scaled = testService("web", forever);
  async function scale(replicas: number) {
    const { target, tools } = partsFor(shop(scaled), {});
    const { previous, current, created, removed } = await scaleService(target, scaled, replicas, tools);
    return [previous, current, created, removed];
  }

  test("scaling adds the next numbers, takes the highest, and heals", async () => {
    await deploy(shop(scaled));
    assert.deepEqual(await scale(3), [1, 3, 2, 0]);
    await tested.containers.engine.call("kill", (d) => d.getContainer("shop-web-2").kill());
    assert.deepEqual(await scale(3), [2, 3, 1, 1]);
    assert.deepEqual(await running(), ["shop-web-1", "shop-web-2", "shop-web-3"]);
    assert.deepEqual(await scale(1), [3, 1, 0, 2]);
    assert.deepEqual(await running(), ["shop-web-1"]);
    assert.deepEqual(await scale(0), [1, 0, 0, 1]);
  });

  function roll(service: ServiceSpec, options: Partial<RollOptions>, parts: Options = {}) {
    const { target, tools } = partsFor(shop(service), parts);
    const usual = { parallelism: 1, delayMs: 0, order: "stop-first", failureAction: "pause" } as const;
    return rollService(target, service, { ...usual, ...options }, tools);
  }
  const three = testService("web", { ...forever, replicas: 3 });
  const idsNow = async () => (await listContainers(tested.containers.engine, "shop")).map(({ id }) => id);

  for (const order of ["stop-first", "start-first"] as const) {
    test(`a rolling update replaces all, ${order}`, async () => {
      await deploy(shop(three));
      const before = await idsNow();
      const rolled = await roll(three, { order, parallelism: 2 });
      assert.deepEqual([rolled.total, rolled.updated, rolled.failed, rolled.skipped], [3, 3, 0, 0]);
      assert.deepEqual(await running(), ["shop-web-1", "shop-web-2", "shop-web-3"]);
      assert.deepEqual(
        (await idsNow()).filter((id) => before.includes(id)),
        [],
      );
    });
  }

  test("a rolling update that waits ends when the server stops, and the next one clears up what it has left", async () => {
    await deploy(shop(three));
    const stopping = new AbortController();
    const tell = (line: string) => void (line.endsWith("to shop-web-1: done") && stopping.abort(new Error("stop")));
    await assert.rejects(roll(three, { delayMs: 60_000 }, { tell, signal: stopping.signal }), { code: "interrupted" });
    assert.equal((await idsNow()).length, 4, "the one that gave way is still there");
    const rolled = await roll(three, {});
    assert.deepEqual([rolled.total, rolled.updated], [3, 3]);
    assert.equal((await idsNow()).length, 3);
  });

  test("a rolling update that fails leaves the old ones running", async () => {
    await deploy(shop(three));
    const before = await idsNow();
    const paused = await roll({ ...three, ...broken }, { failureAction: "pause" });
    assert.deepEqual([paused.updated, paused.failed, paused.skipped, paused.rolledBack], [0, 1, 2, false]);
    const all = await roll({ ...three, ...broken }, { failureAction: "continue", order: "start-first" });
    assert.deepEqual([all.updated, all.failed, all.skipped], [0, 3, 0]);
    assert.deepEqual(await idsNow(), before);
    assert.deepEqual(await running(), ["shop-web-1", "shop-web-2", "shop-web-3"]);
  });

  test("a rolling update takes back what it has done, if that is asked for", async () => {
    await deploy(shop(three));
    const before = await idsNow();
    // Only the first of them comes up: the volume holds what it has left there.
    const data = [{ kind: "volume", source: "data", target: "/data", readOnly: false, noCopy: false }] as const;
    const once = testService("web", {
      ...{ ...three, mounts: data },
      command: ["sh", "-c", "mkdir /data/first && sleep 100000"],
    });
    const { target, tools } = partsFor(testProject("shop", { services: [once], volumes: { data: {} } }), {});
    const rolled = await rollService(
      target,
      once,
      { parallelism: 1, delayMs: 0, order: "stop-first", failureAction: "rollback" },
      tools,
    );
    assert.deepEqual([rolled.updated, rolled.failed, rolled.skipped, rolled.rolledBack], [0, 1, 1, true]);
    assert.deepEqual(await idsNow(), before);
    assert.deepEqual(await running(), ["shop-web-1", "shop-web-2", "shop-web-3"]);
  });

  /** All that the new project asks for, once, and nothing else. */
  async function assertConverged(): Promise<void> {
    await deploy(newProject);
    assert.deepEqual(await running(), ["shop-db-1", "shop-web-1"]);
    assert.ok((await inspect("shop-web-1")).Config.Env?.includes("VERSION=2"));
    const { networks, volumes } = await findLeavings(tested.containers.engine, "shop");
    assert.equal(networks.filter((name) => name === "shop_default").length, 1);
    assert.equal(volumes.filter((name) => name === "shop_data").length, 1);
    assert.deepEqual(await stepsOf(newProject), []);
  }

  async function killedDeploy(when: string): Promise<number | null> {
    const program = new URL("../../../test/support/killed-deploy.ts", import.meta.url).pathname;
    const child = spawn(process.execPath, [program, tested.docker.socketPath, when], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    const [code] = await once(child, "exit");
    return code;
  }

  test("killed after each of its steps, it converges, and nothing is there twice", async () => {
    await deploy(oldProject);
    let kills = 0;
    while ((await killedDeploy("done")) !== 0) assert.ok(++kills < 30, "each makes one more step");
    assert.ok(kills >= 6, `${kills} kills`); // what it does side by side may be done at one kill
    assert.deepEqual(Object.keys((await inspect("shop-web-1")).NetworkSettings.Networks), [
      "shop_back",
      "shop_default",
    ]);
    await assertConverged();
  });

  for (const delayMs of [0, 100, 400]) {
    test(`killed ${delayMs} ms after it has begun to change something, it converges`, async () => {
      await deploy(oldProject);
      await killedDeploy(String(delayMs));
      await assertConverged();
    });
  }

  test("takes what the engine makes for one that was killed, after it has looked around", async () => {
    const { engine } = tested.containers;
    const late: Engine = {
      ...engine,
      // As if the one that was killed had asked for it just before.
      async call(what, act, options) {
        if (what === "make a container") await engine.call(what, act, options);
        return engine.call(what, act, options);
      },
    };
    await deploy(oldProject, { engine: late });
    assert.deepEqual(await running(), ["shop-web-1"]);
  });

  test("of two networks of one name, as older engines make them at one moment, one goes", async () => {
    const twin = { Name: "shop_back", Labels: { [label.project]: "shop", [label.network]: "back" } };
    const make = () => tested.containers.engine.call("make a network", (docker) => docker.createNetwork(twin));
    await make();
    await make().catch(() => {}); // newer engines refuse it
    await assertConverged();
    const { networks } = await findLeavings(tested.containers.engine, "shop");
    assert.equal(networks.filter((name) => name === "shop_back").length, 1);
  });

  test("converges after the engine was stopped in the midst of it", async () => {
    await deploy(oldProject);
    const tell = async (line: string) => {
      if (line === "start container shop-db-1") await tested.docker.stop();
    };
    await assert.rejects(deploy(newProject, { tell }), (error) => isYardError(error, "unavailable"));
    await tested.docker.start();
    await assertConverged();
  });

  test("ends soon when the engine hangs in the midst of it, and converges when it goes on", async () => {
    await deploy(oldProject);
    const { engine } = tested.containers;
    const impatient: Engine = { ...engine, call: (what, act) => engine.call(what, act, { timeoutMs: 1_000 }) };
    await using frozen = new AsyncDisposableStack();
    const tell = async (line: string) => {
      if (line === "start container shop-db-1") frozen.use(await tested.docker.freeze());
    };
    await assert.rejects(deploy(newProject, { engine: impatient, tell }), (error) => isYardError(error, "unavailable"));
    await frozen.disposeAsync();
    await assertConverged();
  });
});
