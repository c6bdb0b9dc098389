/** `kill -9` of the server while it changes stacks: after each thing that it has an engine do, before it knows that this is done. After the restart the API says
 *  what is so, and the same call again does the rest. Each case is a stack of its own, and one kill is that of all of them. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { label } from "../src/containers/deploy/labels.ts";
import { skipWithoutDocker } from "./support/docker.ts";
import { type AnyBody, askDockmesh } from "./support/dockmesh.ts";
import { type EngineGate, openEngineGate } from "./support/engine-gate.ts";
import { busyboxImage, useTestEngine } from "./support/test-containers.ts";
import { adminPassword, type RunningYard, startYard } from "./support/yard-process.ts";

/** One call that changes a stack, and what it is about. */
interface Change {
  readonly name: string;
  readonly replicas: number;
  readonly hasNetwork?: boolean;
  /** After which of its changes of the engine the server dies. */
  readonly killedAfter: readonly number[];
  /** What the stack has been through. */
  readonly prepare: readonly ("edit" | "deploy")[];
  readonly call: readonly [method: string, path: string];
}

const cases: readonly Change[] = [
  {
    ...{ name: "roll", replicas: 3, prepare: ["deploy", "edit"], killedAfter: [1, 2, 3, 5, 19] },
    call: ["POST", "/services/web/rolling-update"],
  },
  {
    ...{ name: "deploy", replicas: 3, prepare: ["deploy", "edit"], killedAfter: [4, 8] },
    call: ["POST", "/deploy"],
  },
  {
    ...{ name: "back", replicas: 1, prepare: ["deploy", "edit", "deploy"], killedAfter: [2] },
    call: ["POST", "/deployments/FIRST/rollback"],
  },
  {
    ...{ name: "gone", replicas: 2, hasNetwork: true, prepare: ["deploy"], killedAfter: [2, 5] },
    call: ["DELETE", "?stop=true&networks=true&volumes=true"],
  },
];

const composeOf = ({ replicas, hasNetwork = false }: Change, version: number) =>
  `services:\n  web:\n    image: "${busyboxImage}"\n    command: sleep 100000\n    stop_grace_period: 0s\n    environment: {VERSION: "${version}"}\n    deploy: {replicas: ${replicas}}\n${hasNetwork ? "" : "    network_mode: none\n"}    volumes: ["data:/data"]\nvolumes: {data: {}}\n`;

describe("a server that is killed while it changes stacks", { skip: skipWithoutDocker(), timeout: 300_000 }, () => {
  const tested = useTestEngine();
  let gate: EngineGate;
  let yard: RunningYard;
  let token: string;
  before(async () => {
    gate = await openEngineGate(
      tested.docker.socketPath,
      (name) => /^(?:[0-9a-f]{12}_)?([a-z]+-\d+)[-_]/.exec(name)?.[1],
    );
    yard = await startYard(["--docker-socket", gate.socketPath, "--stacks-settle", "500ms"]);
    const login = { username: "admin", password: adminPassword };
    token = (await expect<{ access_token: string }>(200, "POST", "/auth/login", login)).access_token;
  });
  after(async () => {
    gate?.release();
    await yard?.[Symbol.asyncDispose]();
    await gate?.[Symbol.asyncDispose]();
  });

  const ask = <Body = AnyBody>(method: string, path: string, body?: unknown) =>
    askDockmesh<Body>(yard.url, method, path, { body, ...(token && { token }) });
  async function expect<Body = AnyBody>(status: number, method: string, path: string, body?: unknown): Promise<Body> {
    const reply = await ask<Body>(method, path, body);
    assert.equal(reply.status, status, `${method} ${path}: ${reply.text}`);
    return reply.json;
  }

  interface Killed extends Change {
    readonly stack: string;
    readonly at: number;
    /** Its first deployment. */
    readonly first: number;
  }

  async function prepare(change: Change, at: number): Promise<Killed> {
    const stack = `${change.name}-${at}`;
    await expect(201, "POST", "/stacks", { name: stack, compose: composeOf(change, 1) });
    let first = 0;
    for (const step of change.prepare) {
      if (step === "edit") await expect(200, "PUT", `/stacks/${stack}`, { compose: composeOf(change, 2) });
      else {
        const deployed = await expect<{ deployment_id: number }>(200, "POST", `/stacks/${stack}/deploy`);
        first ||= deployed.deployment_id;
      }
    }
    return { ...change, stack, at, first };
  }

  const callOf = ({ call: [method, path], stack, first }: Killed) =>
    ask(method, `/stacks/${stack}${path.replace("FIRST", String(first))}`);

  /** Its containers: name, state and version. */
  async function containersOf(stack: string): Promise<readonly string[]> {
    return tested.containers.engine.call("look", async (docker) => {
      const filters = { label: [`${label.project}=${stack}`] };
      const rows = await docker.listContainers({ all: true, filters });
      const seen = await Promise.all(rows.map(({ Id }) => docker.getContainer(Id).inspect()));
      const versionOf = (env: readonly string[]) => env.find((one) => one.startsWith("VERSION="));
      return seen.map(({ Name, State, Config }) => `${Name} ${State.Status} ${versionOf(Config.Env)}`).toSorted();
    });
  }

  async function leavingsOf(stack: string): Promise<readonly string[]> {
    return tested.containers.engine.call("look", async (docker) => {
      const filters = { label: [`${label.project}=${stack}`] };
      const { Volumes } = await docker.listVolumes({ filters });
      const networks = await docker.listNetworks({ filters });
      return [...networks, ...Volumes].map(({ Name }) => Name).toSorted();
    });
  }

  test("does not lie about them, and the same call again does the rest, and nothing twice", async () => {
    const all = await Promise.all(cases.flatMap((one) => one.killedAfter.map((at) => prepare(one, at))));
    const held = all.map(({ stack, at }) => gate.hold(stack, at));
    const calls = Promise.allSettled(all.map(callOf));
    await Promise.race([Promise.all(held), calls.then(() => assert.fail("some were over before their moment"))]);
    await yard.kill();
    await calls;
    gate.release();
    await yard.start();

    for (const one of all) {
      const {
        stack,
        call: [method],
      } = one;
      const { compose } = await expect<{ compose: string }>(200, "GET", `/stacks/${stack}`);
      assert.ok(compose.includes("VERSION"), `${stack} has its file`);
      const seen = await expect<readonly { state: string }[]>(200, "GET", `/stacks/${stack}/status`);
      assert.deepEqual(
        seen.map(({ state }) => state).toSorted(),
        (await containersOf(stack)).map((line) => line.split(" ")[1]).toSorted(),
      );
      if (method === "DELETE") continue;
      const log = await expect<{ state: string; error?: string }>(
        200,
        "GET",
        `/stacks/${stack}/deployments/latest/log`,
      );
      assert.notEqual(log.state, "running", stack);
    }

    const again = await Promise.all(all.map(callOf));
    for (const [
      i,
      {
        stack,
        call: [method],
        replicas,
        name,
      },
    ] of all.entries()) {
      assert.equal(again[i]?.status, 200, `${stack}: ${again[i]?.text}`);
      const numbers = method === "DELETE" ? [] : Array.from({ length: replicas }, (_, i) => i + 1);
      const version = name === "back" ? 1 : 2;
      assert.deepEqual(
        await containersOf(stack),
        numbers.map((number) => `/${stack}-web-${number} running VERSION=${version}`),
        stack,
      );
      assert.deepEqual(await leavingsOf(stack), method === "DELETE" ? [] : [`${stack}_data`]);
      if (method !== "DELETE") continue;
      await expect(404, "GET", `/stacks/${stack}`);
      assert.equal(existsSync(join(yard.data, "stacks", stack)), false);
      assert.deepEqual(await expect(200, "GET", `/stacks/${stack}/deployments`), []);
    }
    assert.deepEqual((await expect(200, "GET", "/audit/verify")).broken, 0);
  });
});
