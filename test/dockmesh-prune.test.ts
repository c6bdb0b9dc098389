/** Pruning, and what is said of it before: on a real engine, each preview is held against what the engine then does. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { until } from "../src/platform/testing/until.ts";
import { skipWithoutDocker } from "./support/docker.ts";
import { useDockmeshYard } from "./support/dockmesh.ts";
import { useTestEngine } from "./support/test-containers.ts";

interface Preview {
  readonly items: readonly { readonly id: string; readonly name: string; readonly bytes: number }[];
  readonly bytes: number;
}

describe("Dockmesh's previews of pruning", { skip: skipWithoutDocker() }, () => {
  const tested = useTestEngine();
  const yard = useDockmeshYard(() => ({ "docker-socket": tested.docker.socketPath }));
  const preview = (things: string) => yard.admin.expect<Preview>(200, "GET", `/${things}/prune/preview`);
  const prune = <T>(things: string) => yard.admin.expect<T>(200, "POST", `/${things}/prune`);
  const namesIn = ({ items }: Preview) => items.map(({ name }) => name).toSorted();
  const ended = (name: string) =>
    until(() =>
      tested.containers.engine.call("look", async (docker) => {
        return (await docker.getContainer(name).inspect()).State.Status === "exited";
      }),
    );

  test("volumes: those of no container, with their bytes", async () => {
    for (const name of ["full", "used"]) await yard.admin.expect(201, "POST", "/volumes", { name });
    await tested.containers.engine.call("make", (docker) =>
      docker.createVolume({ Name: "mounted", Driver: "local", DriverOpts: { type: "tmpfs", device: "tmpfs" } }),
    );
    const fill = ["sh", "-c", "head -c 300000 /dev/zero > /full/file"];
    await tested.containers.run("filler", fill, { HostConfig: { Binds: ["full:/full"] } });
    await ended("filler");
    await tested.containers.run("user", ["true"], { HostConfig: { Binds: ["used:/used"] } });
    assert.deepEqual(await preview("volumes"), { items: [], bytes: 0 }); // the one that has ended uses it, too
    await tested.containers.remove("filler");
    const foretold = await preview("volumes");
    assert.deepEqual(foretold, { items: [{ id: "full", name: "full", bytes: 300_000 }], bytes: 300_000 });
    assert.deepEqual(await preview("volumes"), foretold, "looking removes nothing");
    const report = await prune<{ VolumesDeleted: string[]; SpaceReclaimed: number }>("volumes");
    assert.deepEqual([report.VolumesDeleted, report.SpaceReclaimed], [namesIn(foretold), foretold.bytes]);
    assert.deepEqual(await preview("volumes"), { items: [], bytes: 0 });
  });

  test("networks: those that nothing runs on", async () => {
    for (const name of ["empty", "left", "busy"]) await yard.admin.expect(201, "POST", "/networks", { name });
    await tested.containers.run("runner", ["sleep", "100000"], { StopTimeout: 0, HostConfig: { NetworkMode: "busy" } });
    await tested.containers.run("gone", ["true"], { HostConfig: { NetworkMode: "left" } });
    await ended("gone");
    const foretold = await preview("networks");
    assert.deepEqual([namesIn(foretold), foretold.bytes], [["empty", "left"], 0]);
    const { NetworksDeleted } = await prune<{ NetworksDeleted: string[] }>("networks");
    assert.deepEqual(NetworksDeleted.toSorted(), namesIn(foretold));
    assert.deepEqual(namesIn(await preview("networks")), []);
  });

  test("images: those without a name that no container is made of", async () => {
    const write = ["sh", "-c", "head -c 400000 /dev/zero > /file"];
    await tested.containers.run("writer", write);
    await ended("writer");
    const commit = (options: object = {}) =>
      tested.containers.engine.call("commit", (docker) => docker.getContainer("writer").commit(options));
    const unused: { Id: string } = await commit({ comment: "unused" });
    const used: { Id: string } = await commit({ comment: "used" });
    await commit({ repo: "named", tag: "1" });
    await tested.containers.run("of-used", ["true"], { Image: used.Id });
    const foretold = await preview("images");
    assert.deepEqual(namesIn(foretold), [unused.Id]);
    const report = await prune<{ ImagesDeleted: { Deleted?: string }[]; SpaceReclaimed: number }>("images");
    assert.ok(report.ImagesDeleted.some(({ Deleted }) => Deleted === unused.Id));
    assert.ok(report.SpaceReclaimed >= foretold.bytes);
    assert.deepEqual(namesIn(await preview("images")), []);
  });

  test("whoever may read may look, and nobody else; of all hosts at once there is none", async () => {
    const viewer = await yard.makeUser("viewer");
    for (const things of ["images", "volumes", "networks"]) {
      assert.equal((await viewer.ask("GET", `/${things}/prune/preview`)).status, 200);
      assert.equal((await viewer.ask("POST", `/${things}/prune`)).status, 403);
      assert.equal((await yard.ask("GET", `/${things}/prune/preview`)).status, 401);
      assert.equal((await yard.admin.ask("GET", `/${things}/prune/preview?host=all`)).status, 400);
      assert.equal((await yard.admin.ask("GET", `/${things}/prune/preview?host=nobody`)).status, 503);
    }
  });
});
