import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { createBus } from "../../platform/bus/bus.ts";
import type { Topics } from "../../platform/bus/topics.ts";
import { type DockerHost, openDockerHosts } from "../docker-hosts.ts";
import type { HostEvent } from "../inventory/inventories.ts";
import type { Placement } from "../stacks/placements.ts";
import type { StackFileChange } from "../stacks/stack-files.ts";
import { createFleetFeed, type FleetEvent } from "./fleet-feed.ts";

/** Of something that tells. */
function createTeller<Event>() {
  const listeners = new Set<(event: Event) => void>();
  return {
    listeners,
    tell: (event: Event) => listeners.forEach((listener) => void listener(event)),
    listen(listener: (event: Event) => void): Disposable {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
  };
}

const facts = { isOnline: true, engine: { socketPaths: ["/nowhere"] } };
const sources = [
  { ...facts, id: "l", name: "here", isLocal: true, tags: [] },
  { ...facts, id: "r", name: "there", isLocal: false, tags: ["prod"] },
] satisfies (Omit<DockerHost, "engine"> & { engine: unknown })[];

/** Of the stacks that were deployed. */
const placements = {
  get(stack: string): Placement | undefined {
    if (stack === "broken") throw new Error("the database does not answer");
    const hostId = { here: "l", there: "r" }[stack];
    return hostId === undefined ? undefined : { stack, hostId, status: "deployed", deployedAt: 1, updatedAt: 1 };
  },
};

function start(hostId: string): HostEvent {
  return { hostId, type: "container", action: "start", id: "c", attributes: {}, timeMs: 1, key: "k" };
}

test("whoever watches hears of the hosts within reach, of stacks and of what the yard does, until they leave", async () => {
  const engines = createTeller<HostEvent>();
  const files = createTeller<StackFileChange>();
  const bus = createBus<Topics>({ onError: (error) => assert.fail(String(error)) });
  await using hosts = openDockerHosts(() => sources);
  const feed = createFleetFeed({
    ...{ hosts, bus, engines: { onEvent: engines.listen }, stackFiles: { onChange: files.listen } },
    ...{ placements: { get: async (stack) => placements.get(stack) }, log: { warn: () => {} } },
  });
  const heard: Record<string, FleetEvent[]> = { all: [], prod: [] };
  const all = feed.subscribe({ hostTags: [] }, (event) => heard.all!.push(event));
  const prod = feed.subscribe({ hostTags: ["prod"] }, (event) => heard.prod!.push(event));

  for (const hostId of ["l", "r", "unknown"]) engines.tell(start(hostId));
  for (const name of ["shop", "here", "there", "broken"]) files.tell({ type: "created", name });
  await setImmediate(); // who is held to some hosts is told once it is known whose the stack is
  for (const event of [
    { type: "stack.deploy", name: "shop", hostId: "l", actor: "admin", at: 5 },
    { type: "agent.enrolled", at: 6 },
  ])
    await bus.publish("fleet.event", event);

  const inShort = (event: FleetEvent) => {
    if (event.source === "engine") return `${event.event.action} ${event.hostName} ${event.isLocal}`;
    return event.source === "yard" ? event.event.type : `${event.change.type} ${event.change.name}`;
  };
  const ofFiles = ["created shop", "created here", "created there", "created broken"];
  const ofAll = ["start here true", "start there false", ...ofFiles, "stack.deploy", "agent.enrolled"];
  assert.deepEqual(heard.all?.map(inShort), ofAll);
  const ofProd = ["start there false", "created shop", "created there", "agent.enrolled"];
  assert.deepEqual(heard.prod?.map(inShort), ofProd, "a stack that was never deployed is everybody's");

  all[Symbol.dispose]();
  prod[Symbol.dispose]();
  engines.tell(start("r"));
  await bus.publish("fleet.event", { type: "agent.enrolled", at: 7 });
  assert.equal(heard.all?.length, ofAll.length);
  assert.equal(engines.listeners.size + files.listeners.size, 0);
});
