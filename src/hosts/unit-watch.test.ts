import assert from "node:assert/strict";
import type { ServerHttp2Stream } from "node:http2";
import { test } from "node:test";
import type { UnitEvent, UnitStatus } from "../agent/protocol.ts";
import { until } from "../platform/testing/until.ts";
import { connectTo, serveStandIn, silentLog } from "./testing.ts";
import { watchUnits } from "./unit-watch.ts";

const unit = (id: string): UnitStatus => ({
  id,
  version: 1,
  revision: 1,
  enabled: true,
  createdAt: 0,
  starts: 0,
  runs: [],
});
const shown = (events: readonly UnitEvent[]) =>
  events.map((event) =>
    event.type === "unit" ? `unit ${event.unit.id}` : event.type === "removed" ? `removed ${event.id}` : event.type,
  );

function send(stream: ServerHttp2Stream, ...events: UnitEvent[]): void {
  stream.write(events.map((event) => `${JSON.stringify(event)}\n`).join(""));
}

test("units that vanished while the connection was broken are reported as removed, before synced", async () => {
  let connections = 0;
  await using agent = await serveStandIn((stream) => {
    stream.respond({ ":status": 200 });
    if (++connections === 1) {
      send(stream, { type: "unit", unit: unit("stays") }, { type: "unit", unit: unit("goes") }, { type: "synced" });
    } else {
      send(stream, { type: "unit", unit: unit("stays") }, { type: "unit", unit: unit("new") }, { type: "synced" });
    }
  });
  await using connection = connectTo(agent);
  const events: UnitEvent[] = [];
  using _watch = watchUnits(connection, silentLog, (event) => events.push(event));
  await until(() => shown(events).includes("synced"));
  agent.breakConnections();
  await until(() => shown(events).filter((event) => event === "synced").length === 2);
  assert.deepEqual(shown(events), [
    ...["unit stays", "unit goes", "synced"],
    ...["unit stays", "unit new", "removed goes", "synced"],
  ]);
});

test("events arrive whole, however they are cut on their way", async () => {
  const name = "ünit-✓";
  await using agent = await serveStandIn((stream) => {
    stream.respond({ ":status": 200 });
    const bytes = Buffer.from(`${JSON.stringify({ type: "unit", unit: unit(name) })}\n{"type":"synced"}\n`);
    for (const byte of bytes) stream.write(Buffer.of(byte));
  });
  await using connection = connectTo(agent);
  const events: UnitEvent[] = [];
  using _watch = watchUnits(connection, silentLog, (event) => events.push(event));
  await until(() => events.length === 2);
  assert.deepEqual(shown(events), [`unit ${name}`, "synced"]);
});

test("a watcher that left hears nothing any more, and the agent is told", async () => {
  const left = Promise.withResolvers<void>();
  await using agent = await serveStandIn((stream) => {
    stream.respond({ ":status": 200 });
    stream.on("close", () => left.resolve());
    send(stream, { type: "synced" });
  });
  await using connection = connectTo(agent);
  const events: UnitEvent[] = [];
  const watch = watchUnits(connection, silentLog, (event) => events.push(event));
  await until(() => events.length === 1);
  watch[Symbol.dispose]();
  await left.promise;
});
