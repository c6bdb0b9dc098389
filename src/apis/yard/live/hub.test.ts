import assert from "node:assert/strict";
import { test } from "node:test";
import type { Owned } from "../../../apps/access.ts";
import type { HostRecord } from "../../../hosts/host-record.ts";
import { createBus } from "../../../platform/bus/bus.ts";
import { createRowChanges } from "../../../platform/bus/row-changes.ts";
import type { Topics } from "../../../platform/bus/topics.ts";
import { until } from "../../../platform/testing/until.ts";
import type { TeamSeen } from "../access.ts";
import type { ConsoleParts } from "../console-parts.ts";
import { emptyConsole, testPrincipal, viewerOf } from "../testing.ts";
import { type HubTimes, openLiveHub, type Told } from "./hub.ts";
import type { Topic } from "./topics.ts";

const crew: TeamSeen = { id: "team_crew", name: "crew", role: "viewer" };
const [ada, eve] = [viewerOf(testPrincipal({ isAdmin: true }), [crew]), viewerOf(testPrincipal({ username: "eve" }))];

function openYard(overrides: Partial<ConsoleParts> = {}, times?: HubTimes) {
  const bus = createBus<Topics>({ onError: (error) => assert.fail(String(error)) });
  const changes = createRowChanges(bus);
  const hub = openLiveHub(emptyConsole({ bus, ...overrides }), times);
  const listen = (topic: Topic, viewer = ada) => {
    const told: Told[] = [];
    return { told, subscription: hub.listen(topic, viewer, (one) => void told.push(one)) };
  };
  return { bus, changes, listen, [Symbol.asyncDispose]: () => hub[Symbol.asyncDispose]() };
}

test("what a team has is told to its members alone, in the words of the lists", async () => {
  await using yard = openYard();
  const [mine, others] = [yard.listen("capsules"), yard.listen("capsules", eve)];
  yard.changes.note("capsules", { id: "capsule_1", teamId: crew.id, kind: "added" });
  await until(() => mine.told.length === 1, { what: "the capsule" });
  yard.changes.noteAll("capsules");
  await until(() => mine.told.length === 2 && others.told.length === 1, { what: "that all may have changed" });
  assert.deepEqual(mine.told, [[{ id: "capsule capsule_1", kind: "added" }], "lost"]);
  assert.deepEqual(others.told, ["lost"]);
});

test("tasks are told to the team that they turn out to be of, also those that other yards have ended", async () => {
  const asked: (readonly string[])[] = [];
  await using yard = openYard({
    tasks: {
      ...emptyConsole().tasks,
      async teamsOf(uuids) {
        asked.push(uuids);
        return new Map([["uuid1", crew.id]]);
      },
    },
  });
  const { told } = yard.listen("tasks");
  await yard.bus.publish("task.ended", { taskUuids: ["uuid1", "uuid2"] });
  await until(() => told.length === 1, { what: "the task" });
  assert.deepEqual(told, [[{ id: "uuid1", kind: "changed" }]]);
  assert.deepEqual(asked, [["uuid1", "uuid2"]], "once for all of them");
});

test("where nobody can find out who sees what has changed, all is to be read again", async () => {
  const warnings: string[] = [];
  await using yard = openYard({
    apps: { listAccessible: async () => [], owned: () => Promise.reject(new Error("no database")) },
    log: { warn: (_facts: unknown, message?: string) => void warnings.push(message ?? "") },
  });
  const { told } = yard.listen("apps");
  yard.changes.note("apps", { id: "app_1", kind: "changed" });
  await until(() => told.length === 1, { what: "that something has changed" });
  assert.deepEqual([told, warnings.length], [["lost"], 1]);
});

test("an app that is gone is told to who could see it", async () => {
  const of = { ownerId: "usr_9", ownerTeams: [] };
  const owned = new Map<string, Owned>([
    ["app_1", { ...of, name: "hidden", sharing: { team: "none", others: "none" } }],
    ["app_2", { ...of, name: "shown", sharing: undefined }],
  ]);
  const ids = [...owned.keys()];
  await using yard = openYard({ apps: { listAccessible: async () => [], owned: async () => new Map(owned) } });
  const { told } = yard.listen("apps", eve);
  owned.clear();
  for (const id of ids) yard.changes.note("apps", { id, kind: "removed" });
  await until(() => told.length === 1, { what: "the one that was shown" });
  assert.deepEqual(told, [[{ id: "app_2", kind: "removed" }]]);
});

/** A yard, and how often its engines' events are listened to: now, and ever. */
function openEngines(times?: HubTimes) {
  const listened = { now: 0, ever: 0 };
  const onEvent = () => {
    listened.now += 1;
    listened.ever += 1;
    return {
      [Symbol.dispose]() {
        listened.now -= 1;
      },
    };
  };
  return { listened, yard: openYard({ inventories: { containers: async () => [], onEvent } }, times) };
}

test("a source is open as long as anybody listens; who may have missed something is told", async () => {
  const { listened, yard: opened } = openEngines({ lingerMs: 1 });
  await using yard = opened;
  const [first, second] = [yard.listen("containers"), yard.listen("containers", eve)];
  assert.equal(listened.now, 1, "once for both");
  yard.bus.resync();
  assert.deepEqual([first.told, second.told], [["lost"], ["lost"]]);
  first.subscription[Symbol.dispose]();
  assert.equal(listened.now, 1);
  second.subscription[Symbol.dispose]();
  await until(() => listened.now === 0, { what: "the end of it" });
  yard.listen("containers");
  assert.equal(listened.now, 1);
});

test("whoever comes and goes a thousand times has each source opened once, and the yard's end closes it", async () => {
  const { listened, yard: opened } = openEngines();
  {
    await using yard = opened;
    for (let times = 0; times < 1_000; times++) yard.listen("containers").subscription[Symbol.dispose]();
    assert.deepEqual(listened, { now: 1, ever: 1 });
  }
  assert.equal(listened.now, 0);
});

test("where other yards change things and do not tell, all is read again now and then", async () => {
  await using yard = openYard({ rereadMs: 5 });
  const { told } = yard.listen("tasks");
  await until(() => told.length >= 2, { what: "two times" });
  assert.ok(told.every((one) => one === "lost"));
});

test("hosts, stacks and alerts are told to who reaches their host", async () => {
  const record: HostRecord = {
    ...{ id: "host_1", name: "one", kind: "regular", tags: ["gpu"], status: "online", isLocal: false },
    ...{ link: 1, tokenEpoch: 0, createdAt: 1, updatedAt: 1 },
  };
  const at = { hostId: "host_1", status: "deployed", deployedAt: 1, updatedAt: 1 } as const;
  await using yard = openYard({
    hosts: { ...emptyConsole().hosts, records: () => [record] },
    placements: { get: async () => undefined, list: async () => [{ stack: "shop", ...at }] },
  });
  const held = viewerOf(testPrincipal({ hostTags: ["cpu"] }));
  const all = (["hosts", "stacks", "alerts"] as const).map(
    (topic) => [yard.listen(topic), yard.listen(topic, held)] as const,
  );
  await yard.bus.publish("host.changed", { hostId: "host_1" });
  await yard.bus.publish("fleet.event", { type: "stack.deploy", name: "shop", hostId: "host_1", at: 1 });
  await yard.bus.publish("fleet.event", { type: "alert.fired", name: "web", hostId: "host_1", at: 1 });
  for (const [free, bound] of all) {
    await until(() => free.told.length === 1, { what: "the change" });
    assert.deepEqual(bound.told, []);
  }
  const told = all.map(([free]) => free.told[0]);
  assert.deepEqual(told, [
    [{ id: "host_1", kind: "changed" }],
    [{ id: "shop", kind: "changed" }],
    [{ id: "web", kind: "added" }],
  ]);
});
