/** Dockmesh's updates of containers, with a real engine and a registry beside it: over the API, and through the death of the server. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { until } from "../src/platform/testing/until.ts";
import { skipWithoutDocker } from "./support/docker.ts";
import { askDockmesh } from "./support/dockmesh.ts";
import { registryHost, startRegistry, type TestRegistry } from "./support/registry.ts";
import { useTestEngine } from "./support/test-containers.ts";
import { adminPassword, type RunningYard, startYard } from "./support/yard-process.ts";

type Rows = readonly { readonly id: number; readonly old_image: string; readonly rolled_back_at?: string }[];
type Updated = { readonly container_id: string; readonly old_image: string; readonly new_image: string };
type Inspected = { readonly Id: string; readonly Image: string; readonly State: { readonly Running: boolean } };

const image = `${registryHost}/team/web:1`;

describe("Dockmesh's updates of containers", { skip: skipWithoutDocker() }, () => {
  const tested = useTestEngine();
  let registry: TestRegistry;
  let yard: RunningYard;
  let token: string;
  before(async () => {
    registry = await startRegistry(tested.docker);
    yard = await startYard(["--docker-socket", tested.docker.socketPath]);
    const body = { username: "admin", password: adminPassword };
    token = (await askDockmesh<{ access_token: string }>(yard.url, "POST", "/auth/login", { body })).json.access_token;
  });
  after(async () => {
    await yard?.[Symbol.asyncDispose]();
    await registry?.[Symbol.asyncDispose]();
  });

  const ask = <T>(method: string, path: string, body?: unknown) =>
    askDockmesh<T>(yard.url, method, path, { token, body });
  async function expect<T>(status: number, method: string, path: string, body?: unknown): Promise<T> {
    const reply = await ask<T>(method, path, body);
    assert.equal(reply.status, status, `${method} ${path}: ${reply.text}`);
    return reply.json;
  }
  const publish = (version: string) => registry.publish({ name: "team/web", tag: "1", version });
  const pull = () => ask("POST", "/images/pull", { image });
  const namesLike = async (name: string) => {
    const rows = await expect<readonly { Names: readonly string[] }[]>(200, "GET", "/containers?all=1");
    return rows.flatMap(({ Names }) => Names).filter((one) => one.startsWith(`/${name}`));
  };

  test("a container is updated, and goes back, once", async () => {
    await publish("1");
    await pull();
    const made = await tested.containers.run("web", ["sleep", "100000"], { Image: image, StopTimeout: 0 });
    const current = await expect<Record<string, unknown>>(200, "GET", "/containers/web/update-info");
    assert.deepEqual([current.update_available, current.current_digest], [false, current.latest_digest]);
    await publish("2");
    const newer = await expect<Record<string, unknown>>(200, "GET", "/containers/web/update-info");
    assert.deepEqual([newer.update_available, newer.latest_image], [true, image]);

    const done = await expect<Updated>(200, "POST", "/containers/web/update");
    const now = await expect<Inspected>(200, "GET", "/containers/web");
    assert.deepEqual([now.Id, now.Image, now.State.Running], [done.container_id, done.new_image, true]);
    assert.equal((await ask("GET", `/containers/${made}`)).status, 404);
    assert.deepEqual(await expect<Updated>(200, "POST", "/containers/web/update"), {
      ...done,
      old_image: done.new_image,
    });

    const [entry, ...more] = await expect<Rows>(200, "GET", "/containers/web/update-history");
    assert.deepEqual([entry?.old_image, more], [done.old_image, []]);
    assert.equal((await ask("POST", "/containers/web/rollback", { history_id: 12_345 })).status, 404);
    assert.equal((await ask("POST", "/containers/web/rollback", {})).status, 400);
    await expect(200, "POST", "/containers/web/rollback", { history_id: entry?.id });
    const back = await expect<Inspected>(200, "GET", "/containers/web");
    assert.deepEqual([back.Image, back.State.Running], [done.old_image, true]);
    assert.equal((await ask("POST", "/containers/web/rollback", { history_id: entry?.id })).status, 409);
    assert.ok((await expect<Rows>(200, "GET", "/containers/web/update-history"))[0]?.rolled_back_at);
    assert.equal((await ask("POST", "/containers/nobody/update")).status, 404);
    assert.deepEqual(await namesLike("web"), ["/web"]);
  });

  test("a server that is killed in the midst of an update leaves one container, which runs, and the update can be done", async () => {
    await publish("3");
    await pull();
    // It ignores its stop signal: so there is time to kill the server while it waits for the end of it.
    const command = ["/bin/sh", "-c", "trap '' TERM; while :; do /bin/sleep 1; done"];
    const made = await tested.containers.run("slow", command, { Image: image, StopTimeout: 60 });
    await publish("4");
    const cutOff = assert.rejects(expect(200, "POST", "/containers/slow/update"));
    await until(async () => (await namesLike("slow")).length === 2);
    await yard.kill();
    await cutOff;
    await tested.containers.engine.call("end it", (docker) => docker.getContainer(made).kill());
    await yard.start();
    await until(async () => (await namesLike("slow")).join() === "/slow", { what: "what was left is cleared up" });
    const kept = await until(async () => {
      const seen = await expect<Inspected>(200, "GET", "/containers/slow");
      return seen.State.Running ? seen : undefined;
    });
    assert.equal(kept.Id, made);
    assert.deepEqual(await expect<Rows>(200, "GET", "/containers/slow/update-history"), []);

    const again = expect<Updated>(200, "POST", "/containers/slow/update");
    await until(async () => (await namesLike("slow")).length === 2);
    await tested.containers.engine.call("end it", (docker) => docker.getContainer(made).kill());
    assert.notEqual((await again).container_id, made);
    assert.deepEqual(await namesLike("slow"), ["/slow"]);
  });
});
