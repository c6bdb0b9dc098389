/** Yards that share a database, each with hosts of its own. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { until } from "../platform/testing/until.ts";
import { openCapsules } from "./capsules.ts";
import { openTestCapsules, scope, skipWithoutNamespaces, type TestCapsules } from "./testing.ts";

/** A yard that reaches no host, and knows of the other's. */
function openNeighbour({ parts, host }: TestCapsules, isLive: () => boolean) {
  return openCapsules({
    ...parts,
    hosts: {
      list: () => [],
      find: async (id) => (id === host.id ? { name: "rack-7", isLive: isLive() } : undefined),
      place: parts.hosts.place,
    },
  });
}

describe("the capsules of another yard's host", { skip: skipWithoutNamespaces, timeout: 120_000 }, () => {
  test("are shown, and worked in by that yard alone; they can be ended by any", async () => {
    await using test = await openTestCapsules();
    await using neighbour = openNeighbour(test, () => true);
    const { id } = await test.capsules.create(scope, { idleTimeoutSeconds: 3_600 });
    assert.equal((await neighbour.get(scope.teamId, id)).status, "running");
    const refusal = { code: "unavailable", field: "host", message: /rack-7 is connected to another yard/ };
    await assert.rejects(neighbour.enter(scope.teamId, id), refusal);
    await assert.rejects(neighbour.pause(scope, id), refusal);
    assert.equal((await test.capsules.get(scope.teamId, id)).status, "running");
    await test.capsules.enter(scope.teamId, id);
    await neighbour.destroy(scope, id);
    await assert.rejects(test.capsules.enter(scope.teamId, id), { code: "conflict" });
    await test.restart();
    await until(async () => (await test.host.sandboxes()).length === 0);
  });

  test("are missing once that yard is gone, and back with it", async () => {
    await using test = await openTestCapsules();
    const { id } = await test.capsules.create(scope, {});
    const statusIs = (status: string) =>
      until(async () => (await test.capsules.get(scope.teamId, id)).status === status);
    let isLive = true;
    await using neighbour = openNeighbour(test, () => isLive);
    await test.restart(async () => {
      isLive = false;
      await until(async () => (await neighbour.get(scope.teamId, id)).status === "missing");
      isLive = true;
    });
    await statusIs("running");
    await test.capsules.enter(scope.teamId, id);
  });
});
