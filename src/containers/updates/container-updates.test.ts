/** Pulls and updates, with a real engine and a registry beside it. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { skipWithoutDocker, startDocker, type TestDocker } from "../../../test/support/docker.ts";
import { privateRegistryHost, registryHost, startRegistry, type TestRegistry } from "../../../test/support/registry.ts";
import { systemClock } from "../../platform/clock.ts";
import { openTestDatabase, type TestDatabase } from "../../platform/db/testing.ts";
import type { Engine } from "../../platform/docker/engine.ts";
import { createLog } from "../../platform/log.ts";
import { createNameLock } from "../../platform/name-lock.ts";
import { until } from "../../platform/testing/until.ts";
import { type DockerHost, type DockerHosts, everywhere, openDockerHosts } from "../docker-hosts.ts";
import type { EngineRecord } from "../engine-record.ts";
import { createImagePulls } from "../image-pull.ts";
import { createContainerUpdates } from "./container-updates.ts";
import { createExchangeJournal } from "./exchange-journal.ts";
import { openExchanges } from "./exchanges.ts";
import { createUpdateHistory } from "./update-history.ts";

const nobody = new AbortController().signal;
const image = (name: string) => `${registryHost}/${name}`;

describe("pulls and updates", { skip: skipWithoutDocker() }, () => {
  let docker: TestDocker;
  let registry: TestRegistry;
  let database: TestDatabase;
  let hosts: DockerHosts;
  let host: DockerHost;
  before(async () => {
    docker = await startDocker();
    registry = await startRegistry(docker);
    database = await openTestDatabase("sqlite");
    const engine = { socketPaths: [docker.socketPath] };
    hosts = openDockerHosts(() => [{ id: "one", name: "One", isLocal: true, isOnline: true, tags: [], engine }]);
    host = hosts.get(undefined, everywhere);
  });
  after(async () => {
    await hosts?.[Symbol.asyncDispose]();
    await database?.[Symbol.asyncDispose]();
    await registry?.[Symbol.asyncDispose]();
    await docker?.[Symbol.asyncDispose]();
  });

  const pulls = createImagePulls({ credentialsFor: async () => undefined });
  /** As a yard that starts opens them. */
  const openUpdates = (self = "yard") => {
    const journal = createExchangeJournal({ database });
    const shared = { journal, withName: createNameLock(), clock: systemClock };
    const exchanges = openExchanges({
      ...{ ...shared, hosts, self, log: createLog({ level: "silent" }) },
      isLive: async (yard) => yard === "another",
    });
    const history = createUpdateHistory({ database });
    const parts = { ...shared, exchanges, history, pulls, credentialsFor: async () => undefined };
    return { ...createContainerUpdates(parts), [Symbol.asyncDispose]: () => exchanges[Symbol.asyncDispose]() };
  };
  const run = (name: string, options: object) =>
    host.engine.call("run", async (client) => {
      const container = await client.createContainer({ name, StopTimeout: 0, ...options });
      await container.start();
      return container.id;
    });
  const namesLike = async (name: string) => {
    const all = await host.engine.call("list", (client) => client.listContainers({ all: true }));
    return all.flatMap(({ Names }) => Names).filter((one) => one.startsWith(`/${name}`));
  };
  const inspect = (name: string) => host.engine.call("look", (client) => client.getContainer(name).inspect());

  /** Acts through an engine that hears nothing more of us after some calls, as if we had died. @returns whether it came to its end */
  async function cutOffAfter(calls: number, act: (dying: DockerHost) => Promise<unknown>): Promise<boolean> {
    const dead = Promise.withResolvers<never>();
    const died = Promise.withResolvers<false>();
    let left = calls;
    const call: Engine["call"] = (...args) => {
      if (left-- > 0) return host.engine.call(...args);
      died.resolve(false);
      return dead.promise;
    };
    return Promise.race([act({ ...host, engine: { ...host.engine, call } }).then(() => true), died.promise]);
  }

  test("an image is fetched, and its progress told as it goes", async () => {
    await registry.publish({ name: "team/app", tag: "latest", version: "1" });
    const records: EngineRecord[] = [];
    for await (const record of await pulls.start(host, image("team/app"), nobody)) records.push(record);
    assert.ok(records.length > 3, JSON.stringify(records));
    assert.ok(records.some(({ status }) => /Downloaded newer image/.test(String(status))));
    await pulls.pull(host, image("team/app:latest"), nobody);
  });

  test("what the registry refuses is refused before it begins", async () => {
    const ofPrivate = `${privateRegistryHost}/team/app:latest`;
    for (const name of [image("team/nothing"), image("team/app:none"), ofPrivate]) {
      await assert.rejects(pulls.start(host, name, nobody), { code: "precondition" }, name);
    }
    const asked: string[] = [];
    const withCredentials = createImagePulls({
      async credentialsFor({ registry: of }, { id }) {
        asked.push(`${of} on ${id}`);
        return { username: "someone", password: "right" };
      },
    });
    await withCredentials.pull(host, ofPrivate, nobody);
    assert.deepEqual(asked, [`${privateRegistryHost} on one`]);
  });

  test("a pull ends when whoever wants it leaves", async () => {
    const leaving = AbortSignal.abort();
    await assert.rejects(pulls.start(host, image("team/app"), leaving));
  });

  test("a container becomes one of the newer image, otherwise as it was, and goes back", async () => {
    await using updates = openUpdates();
    await registry.publish({ name: "team/web", tag: "1", version: "old", env: ["GONE=yes"] });
    await pulls.pull(host, image("team/web:1"), nobody);
    await host.engine.call("make a network", (client) => client.createNetwork({ Name: "front" }));
    await host.engine.call("make a network", (client) => client.createNetwork({ Name: "back" }));
    const made = await host.engine.call("run", async (client) => {
      const container = await client.createContainer({
        ...{ name: "web", Image: image("team/web:1"), Env: ["OWN=1"], Labels: { mine: "yes" } },
        ...{ Volumes: { "/state": {} }, StopTimeout: 0 },
        HostConfig: { NetworkMode: "front", RestartPolicy: { Name: "always" }, Memory: 32 * 1024 * 1024 },
        NetworkingConfig: { EndpointsConfig: { front: { Aliases: ["www"] } } },
      });
      await client.getNetwork("back").connect({ Container: container.id });
      await container.start();
      return container;
    });
    const before = await inspect("web");
    assert.equal((await updates.info(host, "web")).isAvailable, false);
    const same = await updates.update(host, "web");
    assert.deepEqual([same.containerId, same.newImageId], [made.id, same.oldImageId]);
    assert.deepEqual(await updates.history(host, "web"), []);

    await registry.publish({ name: "team/web", tag: "1", version: "new" });
    const info = await updates.info(host, "web");
    assert.equal(info.isAvailable, true);
    assert.notEqual(info.currentDigest, info.latestDigest);
    const done = await updates.update(host, made.id.slice(0, 12));
    const now = await inspect("web");
    assert.deepEqual([now.Id, now.State.Running, now.Image], [done.containerId, true, done.newImageId]);
    assert.deepEqual(now.Config.Env.toSorted(), ["OWN=1", "PATH=/bin", "VERSION=new"]);
    assert.deepEqual(now.Config.Labels, { mine: "yes", version: "new" });
    assert.deepEqual(now.HostConfig.RestartPolicy, before.HostConfig.RestartPolicy);
    assert.deepEqual([now.HostConfig.Memory, now.Config.Cmd], [before.HostConfig.Memory, before.Config.Cmd]);
    assert.deepEqual(Object.keys(now.NetworkSettings.Networks).sort(), ["back", "front"]);
    assert.ok(now.NetworkSettings.Networks.front?.Aliases.includes("www"));
    const stateOf = ({ Mounts }: typeof now) => Mounts.find(({ Destination }) => Destination === "/state")?.Name;
    assert.equal(stateOf(now), stateOf(before));
    await assert.rejects(inspect(made.id), { code: "not_found" });

    const [entry] = await updates.history(host, "web");
    assert.deepEqual([entry?.oldImageId, entry?.newImageId], [done.oldImageId, done.newImageId]);
    const id = entry?.id ?? 0;
    await assert.rejects(updates.rollback(host, "web", id + 1), { code: "not_found" });
    await updates.rollback(host, "web", id);
    const back = await inspect("web");
    assert.deepEqual([back.Image, back.Config.Image, back.State.Running], [done.oldImageId, image("team/web:1"), true]);
    assert.ok(back.Config.Env.includes("VERSION=old"));
    await assert.rejects(updates.rollback(host, "web", id), { code: "conflict" });
    assert.equal((await updates.info(host, "web")).isAvailable, true);
  });

  test("a new container that cannot be started leaves the old one running", async () => {
    await using updates = openUpdates();
    await registry.publish({ name: "team/port", tag: "1", version: "old" });
    await pulls.pull(host, image("team/port:1"), nobody);
    const made = await run("port", {
      ...{ Image: image("team/port:1"), HostConfig: { NetworkMode: "none" }, Cmd: ["sh", "-c", "exec sleep 100000"] },
    });
    await registry.publish({ name: "team/port", tag: "1", version: "new", hasShell: false });
    await assert.rejects(updates.update(host, "port"), { code: "invalid" });
    const now = await inspect("port");
    assert.deepEqual([now.Id, now.Name, now.State.Running], [made, "/port", true]);
    assert.deepEqual(await updates.history(host, "port"), []);
    assert.deepEqual(await namesLike("port"), ["/port"]);
  });

  test("an update that is cut off after any step is cleared up by the next yard: one container is there, and runs", async () => {
    await registry.publish({ name: "team/cut", tag: "1", version: "old" });
    await pulls.pull(host, image("team/cut:1"), nobody);
    const HostConfig = { NetworkMode: "none" };
    const oldImage = (await host.engine.call("look", (client) => client.getImage(image("team/cut:1")).inspect())).Id;
    await registry.publish({ name: "team/cut", tag: "1", version: "new" });
    await pulls.pull(host, image("team/cut:1"), nobody);
    const outcomes: string[] = [];
    for (let calls = 1; ; calls++) {
      // The container names its image by the tag, as one does whose update was pulled already.
      await host.engine.call("tag", (client) => client.getImage(oldImage).tag({ repo: image("team/cut"), tag: "1" }));
      const made = await run("cut", { Image: image("team/cut:1"), HostConfig });
      const isDone = await cutOffAfter(calls, (dying) => openUpdates().update(dying, made));
      await using next = openUpdates();
      const now = await until(async () => {
        const one = await next.history(host, "cut").catch(() => undefined);
        const left = await createExchangeJournal({ database }).list();
        return one && left.length === 0 ? inspect("cut") : undefined;
      });
      assert.deepEqual([await namesLike("cut"), now.State.Running], [["/cut"], true], `after ${calls} calls`);
      const isNew = now.Id !== made;
      const [entry] = await next.history(host, "cut");
      assert.equal(entry?.rolledBackAt === null, isNew, `after ${calls} calls`);
      outcomes.push(isNew ? "new" : "old");
      if (isNew) await next.rollback(host, "cut", entry?.id ?? 0); // so that the next round begins as this one did
      await host.engine.call("remove", (client) => client.getContainer("cut").remove({ force: true }));
      if (isDone) break;
    }
    assert.deepEqual(outcomes, outcomes.toSorted().toReversed(), "first the old one stays, later the new one");
    assert.ok(outcomes.includes("old") && outcomes.filter((one) => one === "new").length >= 2, outcomes.join());
    const images = await host.engine.call("list", (client) => client.listImages());
    const kept = images.flatMap(({ RepoTags }) => RepoTags ?? []).filter((tag) => tag.startsWith("runyard-before"));
    const listed = await Promise.all(
      ["web", "cut"].map((name) => createUpdateHistory({ database }).list({ hostId: "one", containerName: name })),
    );
    assert.equal(kept.length, listed.flat().length, "no name of an image is left that no update needs");
  });

  test("what another yard is at is left alone", async () => {
    const HostConfig = { NetworkMode: "none" };
    const made = await run("theirs", { Image: image("team/cut:1"), HostConfig });
    const journal = createExchangeJournal({ database });
    const facts = { hostId: "one", containerName: "theirs", oldContainerId: made, wasRunning: true };
    const images = { image: image("team/cut:1"), oldImageId: "a", newImageId: "b", keptAs: "runyard-before-update:x" };
    const begun = await journal.beginUpdate({ ...facts, holder: "another" }, images, 1);
    await registry.publish({ name: "team/cut", tag: "1", version: "newest" });
    await using updates = openUpdates();
    await assert.rejects(updates.update(host, "theirs"), { code: "conflict" });
    assert.deepEqual(await journal.list(), [begun]);
    await journal.abandon(begun);
  });

  test("a container of one certain image, or one that goes when it stops, is not updated", async () => {
    await using updates = openUpdates();
    const { Image: id } = await inspect("web");
    await run("certain", { Image: id, HostConfig: { NetworkMode: "none" } });
    await run("passing", { Image: image("team/web:1"), HostConfig: { NetworkMode: "none", AutoRemove: true } });
    await registry.publish({ name: "team/web", tag: "1", version: "newer" });
    await assert.rejects(updates.update(host, "passing"), { code: "precondition" });
    assert.equal((await inspect("passing")).State.Running, true);
    await assert.rejects(updates.update(host, "certain"), { code: "precondition" });
    await assert.rejects(updates.info(host, "certain"), { code: "precondition" });
    await assert.rejects(updates.update(host, "nobody"), { code: "not_found" });
  });
});
