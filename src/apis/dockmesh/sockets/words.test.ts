import assert from "node:assert/strict";
import { test } from "node:test";
import { fleetEventToWire, readResize } from "./words.ts";

const event = {
  ...{ hostId: "h", type: "container", action: "health_status: healthy", id: "c1", key: "k", timeMs: 1_999 },
  attributes: { name: "web", image: "nginx:1", secret: "label" },
};

for (const [what, happened, wire] of [
  [
    "an event of the server's own engine",
    { source: "engine", event, hostName: "here", isLocal: true },
    { source: "docker", type: "container", action: event.action, id: "c1", name: "web", image: "nginx:1", time: 1 },
  ],
  [
    "one of another host",
    { source: "engine", event: { ...event, id: "", attributes: {} }, hostName: "there", isLocal: false },
    { source: "docker", type: "container", action: event.action, time: 1, host_id: "h", host_name: "there" },
  ],
  [
    "a change of a stack's file",
    { source: "stackFiles", change: { type: "modified", name: "shop", file: ".env" } },
    { source: "stacks", type: "modified", name: "shop", file: ".env" },
  ],
  [
    "what the yard does",
    { source: "yard", event: { type: "stack.deploy", name: "shop", hostId: "h", actor: "admin", at: 2_500 } },
    { source: "dockmesh", type: "stack.deploy", name: "shop", host_id: "h", actor: "admin", time: 2 },
  ],
] as const) {
  test(`${what} in Dockmesh's words`, () =>
    assert.deepEqual(JSON.parse(JSON.stringify(fleetEventToWire(happened))), wire));
}

test("a terminal's size is whole numbers above 0, and all else is none", () => {
  assert.deepEqual(readResize('{"type":"resize","cols":80,"rows":24,"x":1}'), {
    type: "resize",
    cols: 80,
    rows: 24,
    x: 1,
  });
  for (const text of [
    "",
    "[]",
    "null",
    '{"type":"resize","cols":0,"rows":24}',
    '{"type":"resize","cols":80.5,"rows":24}',
    '{"type":"resize","cols":"80","rows":24}',
    '{"type":"resize","cols":1e9,"rows":24}',
    '{"type":"kill"}',
  ])
    assert.equal(readResize(text), undefined, text);
});
