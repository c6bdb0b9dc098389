/** An engine that hangs: whatever is asked of it ends soon with 503, nothing of it is done later, and nobody else waits. */
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { readLocalYard } from "../src/client/local-yard.ts";
import { until } from "../src/platform/testing/until.ts";
import { skipWithoutDocker } from "./support/docker.ts";
import { type AnyBody, useDockmeshYard } from "./support/dockmesh.ts";
import { refusalOf } from "./support/dockmesh-socket.ts";
import { joinYard } from "./support/joined-agent.ts";
import { busyboxImage, useTestEngine } from "./support/test-containers.ts";

/** What is asked, and within how many seconds it ends at the latest: little more than it takes to see that the engine hangs, where something is to be changed. */
const questions: readonly (readonly [seconds: number, method: string, path: string, body?: object])[] = [
  ...(["start", "stop", "restart", "pause", "unpause", "kill"] as const).map(
    (word) => [15, "POST", `/containers/web/${word}`] as const,
  ),
  ...(["images", "volumes", "networks"] as const).flatMap((kind) => [
    [15, "POST", `/${kind}/prune`] as const,
    [15, "GET", `/${kind}/prune/preview`] as const,
    [35, "GET", `/${kind}`] as const,
  ]),
  [15, "DELETE", "/containers/web?force=true"],
  [15, "DELETE", "/volumes/data"],
  [15, "DELETE", "/networks/front"],
  [15, "DELETE", `/images/${encodeURIComponent(busyboxImage)}`],
  [15, "POST", "/images/pull", { image: "busybox:none" }],
  [15, "POST", "/volumes", { name: "late" }],
  [15, "POST", "/networks", { name: "late" }],
  [15, "GET", "/containers"],
  [35, "GET", "/containers/web"],
  [35, "GET", "/networks/topology"],
  [35, "POST", "/stacks/shop/deploy"],
  [35, "POST", "/stacks/shop/stop"],
  [35, "GET", "/stacks/shop/status"],
  [35, "POST", "/stacks/shop/services/web/rolling-update"],
  [35, "POST", "/stacks/shop/services/web/scale", { replicas: 2 }],
  [35, "GET", "/stacks/shop/cleanup-preview"],
  [35, "POST", "/containers/web/update"],
  [35, "GET", "/volumes/data/browse?path=/"],
];

const compose = `services:\n  web: {image: "${busyboxImage}", command: sleep 100000, network_mode: none, stop_grace_period: 0s}\n`;

describe("a Docker engine that hangs", { skip: skipWithoutDocker(), timeout: 170_000 }, () => {
  const tested = useTestEngine();
  const yard = useDockmeshYard(() => ({ "docker-socket": tested.docker.socketPath }));
  before(async () => {
    await tested.containers.run("web", ["sleep", "100000"], { StopTimeout: 0 });
    await yard.admin.expect(201, "POST", "/volumes", { name: "data" });
    await yard.admin.expect(201, "POST", "/networks", { name: "front" });
    await yard.admin.expect(201, "POST", "/stacks", { name: "shop", compose });
    await yard.admin.expect(200, "POST", "/stacks/shop/deploy");
  });

  const seen = () =>
    tested.containers.engine.call("look", async (docker) => {
      const containers = await docker.listContainers({ all: true });
      const [{ Volumes }, networks] = [await docker.listVolumes(), await docker.listNetworks()];
      return {
        containers: containers.map(({ Id, State, Names }) => `${Id} ${State} ${Names}`).toSorted(),
        others: [...Volumes, ...networks].map(({ Name }) => Name).toSorted(),
      };
    });

  test("every call ends in its time, lists of all hosts have the others, and nothing happens when it goes on", async () => {
    const local = await readLocalYard(yard.opened.data);
    assert.ok(local);
    // Another host, whose engine is not there at all.
    await using _agent = await joinYard(local, { inside: ["env", "DOCKER_HOST=unix:///nowhere/docker.sock"] });
    await until(async () => (await yard.admin.expect<unknown[]>(200, "GET", "/hosts")).length === 2);
    const before = await seen();
    const frozen = await tested.docker.freeze();
    const began = performance.now();
    const seconds = () => (performance.now() - began) / 1_000;
    try {
      const asking = questions.map(async ([limit, method, path, body]) => {
        const { status, json } = await yard.admin.ask(method, path, body, { signal: AbortSignal.timeout(100_000) });
        return {
          what: `${method} ${path}: ${status} ${json?.error} after ${seconds()} s`,
          limit,
          status,
          took: seconds(),
        };
      });
      const sockets = ["/logs/web", "/stats/web", "/exec/web", "/command/web?cmd=true"].map(async (path) => {
        const { status } = await refusalOf(yard.url, path, { authorization: `Bearer ${yard.admin.token}` });
        return { what: `${path}: ${status}`, limit: 35, status, took: seconds() };
      });
      for (const path of ["/containers", "/images", "/networks", "/volumes", "/containers/summary"]) {
        const asked = performance.now();
        const { unreachable_hosts } = await yard.admin.expect<{ unreachable_hosts?: AnyBody[] }>(
          200,
          "GET",
          `${path}?host=all`,
        );
        if (unreachable_hosts)
          assert.ok(
            unreachable_hosts.some(({ host_id }) => host_id === "local"),
            path,
          );
        assert.ok(performance.now() - asked < 5_000, path);
      }
      const answers = await Promise.all([...asking, ...sockets]);
      const wrong = answers.filter(({ limit, status, took }) => status !== 503 || took > limit);
      assert.deepEqual(
        wrong.map(({ what }) => what),
        [],
      );
    } finally {
      await frozen[Symbol.asyncDispose]();
    }
    await until(async () => (await yard.admin.ask("GET", "/containers")).status === 200);
    assert.deepEqual(await seen(), before);
    await yard.admin.expect(204, "POST", "/containers/web/restart");
    await yard.admin.expect(200, "POST", "/stacks/shop/deploy");
  });
});
