import assert from "node:assert/strict";
import { test } from "node:test";
import { eachDialect } from "../../platform/db/testing.ts";
import { YardError } from "../../platform/errors.ts";
import { createNameLock } from "../../platform/name-lock.ts";
import { until } from "../../platform/testing/until.ts";
import { type EngineSource, openDockerHosts } from "../docker-hosts.ts";
import type { HostFiles } from "../host-files.ts";
import { openStackLeftovers } from "./stack-leftovers.ts";
import type { StackLocks } from "./stack-locks.ts";

const source = { name: "rig", isLocal: false, tags: [], engine: { socketPaths: [] } };

eachDialect("files of deleted stacks", (open) => {
  test("go from each host as soon as it is there; one that is no more has none", async () => {
    await using database = await open();
    const removed: string[] = [];
    let isBroken = true;
    const files = (id: string): HostFiles => ({
      find: async () => [],
      fill: async () => {},
      keepOnly: async () => {},
      async remove(stack) {
        if (id === "away" && isBroken) throw new YardError("unavailable", "the line is broken");
        removed.push(`${stack} of ${id}`);
      },
    });
    const online = new Set(["there"]);
    const list = (): EngineSource[] =>
      ["there", "away"].map((id) => ({ ...source, id, files: files(id), isOnline: online.has(id) }));
    await using dockerHosts = openDockerHosts(list);
    const warnings: unknown[] = [];
    const withName = createNameLock();
    const { signal } = new AbortController();
    const withStack: StackLocks["withStack"] = (stack, work) => withName(stack, () => work(signal));
    await using leftovers = openStackLeftovers({
      ...{ database, dockerHosts, locks: { withStack }, lookMs: 20 },
      log: { warn: (...all: unknown[]) => void warnings.push(all) },
    });
    const left = async () =>
      (await database.kysely.selectFrom("stack_leftovers").selectAll().execute()).map((row) => row.host_id).toSorted();

    await withStack("shop", async () => {
      await leftovers.note("shop", ["there", "away", "away", "gone"]);
      await leftovers.clear("shop");
    });
    assert.deepEqual([removed, await left()], [["shop of there"], ["away"]]);

    online.add("away");
    await until(() => warnings.length > 0, { what: "it is tried" });
    assert.deepEqual(await left(), ["away"]);
    const away = dockerHosts.get("away", { hostTags: [] });
    await assert.rejects(leftovers.clearFrom(away, "shop"), { code: "unavailable" });
    isBroken = false;
    await until(async () => (await left()).length === 0, { what: "it is tried again" });
    assert.deepEqual(removed, ["shop of there", "shop of away"]);
    await leftovers.clearFrom(away, "shop"); // of which nothing is left
    assert.equal(removed.length, 2);
  });
});
