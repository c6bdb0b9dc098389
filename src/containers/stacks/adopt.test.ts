/** Projects that are taken over, where that is cut off or goes wrong. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../../platform/clock.ts";
import { openTestDatabase } from "../../platform/db/testing.ts";
import { isYardError, YardError } from "../../platform/errors.ts";
import { label } from "../deploy/labels.ts";
import type { DockerHost } from "../docker-hosts.ts";
import { adoptProject } from "./adopt.ts";
import { createPlacements } from "./placements.ts";

const row = {
  ...{ Id: "c1", Names: ["/shop-web-1"], Image: "x", ImageID: "i", State: "running", Status: "Up", Mounts: [] },
  Labels: { [label.project]: "shop", [label.service]: "web" },
};
const engine = { call: async () => [row] } as Partial<DockerHost["engine"]> as DockerHost["engine"];
const host: DockerHost = { id: "host_1", name: "one", isLocal: true, tags: [], isOnline: true, engine };
const adoption = { name: "shop", host, compose: "services: {web: {image: x}}" };
const by = { userId: "user_1", isTrusted: true };

test("a server that dies in the midst of it leaves what can be adopted again, and never files that belong to no host", async () => {
  await using database = await openTestDatabase("sqlite");
  const placements = createPlacements(database, systemClock);
  const { promise: dies, resolve } = Promise.withResolvers<void>();
  const files = {
    exists: async () => false,
    load: () => assert.fail("it has not come so far"),
    create(): Promise<never> {
      resolve();
      return new Promise(() => {});
    },
  };
  void adoptProject(adoption, by, { files, placements });
  await dies;
  assert.equal((await placements.get("shop"))?.hostId, "host_1");
});

test("files that cannot be written leave no placement; those that somebody else has made meanwhile keep theirs", async () => {
  await using database = await openTestDatabase("sqlite");
  const placements = createPlacements(database, systemClock);
  for (const [code, expected] of [
    ["storage_full", undefined],
    ["conflict", "host_1"],
  ] as const) {
    const files = {
      exists: async () => false,
      load: () => assert.fail("there is nothing to load"),
      create: async () => {
        throw new YardError(code, "It cannot be written.");
      },
    };
    await assert.rejects(adoptProject(adoption, by, { files, placements }), (error) => isYardError(error, code));
    assert.equal((await placements.get("shop"))?.hostId, expected);
  }
});
