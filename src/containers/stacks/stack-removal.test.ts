/** A server that dies at any moment of a stack's removal: each call that the removal makes is one after which there is no other. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../../platform/clock.ts";
import { openTestDatabase } from "../../platform/db/testing.ts";
import { YardError } from "../../platform/errors.ts";
import { openDockerHosts } from "../docker-hosts.ts";
import { createDependencies } from "./dependencies.ts";
import { createDeployments } from "./deployments.ts";
import { createPlacements } from "./placements.ts";
import { createStackRemoval, type StackRemovalParts } from "./stack-removal.ts";

const caller = { userId: "u", username: "ann", reach: { hostTags: [] }, mayReachHost: true };
const options = { caller, isForced: false, clear: { stop: true, networks: false, volumes: true, images: false } };
const death = new Error("the server dies");

async function openScene() {
  const database = await openTestDatabase("sqlite");
  const parts = {
    placements: createPlacements(database, systemClock),
    deployments: createDeployments(database, systemClock),
    dependencies: createDependencies(database),
  };
  const { signal } = new AbortController();
  const there = new Set(["shop"]);
  const calls: string[] = [];
  let livesFor = Number.POSITIVE_INFINITY;
  /** Is done, and then it may be over. */
  const note = (call: string): void => {
    calls.push(call);
    if (calls.length >= livesFor) throw death;
  };
  const noting =
    <Rest extends unknown[], T>(what: string, work: (...rest: Rest) => Promise<T>) =>
    async (...rest: Rest): Promise<T> => {
      const result = await work(...rest);
      note(what);
      return result;
    };
  const removalParts: StackRemovalParts = {
    ...parts,
    ...{ clock: systemClock, essential: (work) => work(), dockerHosts: openDockerHosts(() => []) },
    placements: { ...parts.placements, remove: noting("placement", parts.placements.remove) },
    bus: { publish: async () => {} },
    locks: { withStack: (_stack, work) => work(signal) },
    files: {
      exists: async (stack: string) => there.has(stack),
      remove: noting("files", async (stack: string) => void there.delete(stack)),
    },
    leftovers: { note: noting("leftovers noted", async () => {}), clear: noting("leftovers", async () => {}) },
    ends: {
      hostOf: async () => undefined,
      clear: noting("containers", async () => ({ networks: [], volumes: [], images: [], errors: [] })),
      forgetPast: noting("past", async (stack) => {
        await parts.dependencies.remove(stack);
        await parts.deployments.remove(stack);
      }),
    },
  };
  return {
    ...{ database, parts, calls, there, removal: createStackRemoval(removalParts), removalParts },
    live(count: number) {
      calls.length = 0;
      livesFor = count;
    },
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}

test("whatever it dies after, the stack can be deleted again, or nothing is left of it", async () => {
  for (let moment = 1; ; moment++) {
    await using scene = await openScene();
    const { parts, removal, there, calls, database } = scene;
    await parts.placements.put("shop", { hostId: "h" });
    await parts.deployments.begin({ stack: "shop", hostId: "h", compose: "", isTrusted: true, services: [] });
    await parts.dependencies.set("shop", ["db"]);
    scene.live(moment);
    const ended = await removal.remove("shop", options).then(
      () => "deleted",
      (error: unknown) => error,
    );
    if (ended === "deleted") return assert.equal(moment, calls.length + 1, "each moment was tried");
    assert.equal(ended, death);
    scene.live(Number.POSITIVE_INFINITY);
    if (await parts.placements.get("shop")) await removal.remove("shop", options);
    const left = await Promise.all(
      (["stacks", "stack_deployments", "stack_dependencies"] as const).map((table) =>
        database.kysely.selectFrom(table).selectAll().execute(),
      ),
    );
    assert.deepEqual([left.flat(), there.size], [[], 0], `after ${moment} calls`);
  }
});

test("a server that stops leaves the stack as it is, and deletes none of which something runs on", async () => {
  await using scene = await openScene();
  const stops = () => Promise.reject(new YardError("interrupted", "The server stops."));
  const removal = createStackRemoval({ ...scene.removalParts, ends: { ...scene.removalParts.ends, clear: stops } });
  await assert.rejects(removal.remove("shop", options), { code: "interrupted" });
  assert.deepEqual([...scene.there], ["shop"]);
});
