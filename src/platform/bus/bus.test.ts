import assert from "node:assert/strict";
import { test } from "node:test";
import { createBus } from "./bus.ts";
import type { Topics } from "./topics.ts";

const failTest = (error: unknown) => assert.fail(String(error));

test("a published event reaches every listener of its topic, in order, before publish resolves", async () => {
  const bus = createBus<Topics>({ onError: failTest });
  const heard: string[] = [];
  using _first = bus.subscribe("user.changed", ({ userId }) => void heard.push(`first ${userId}`));
  using _second = bus.subscribe("user.changed", ({ userId }) => void heard.push(`second ${userId}`));
  using _other = bus.subscribe("role.changed", () => void heard.push("other topic"));
  await bus.publish("user.changed", { userId: "user_1" });
  assert.deepEqual(heard, ["first user_1", "second user_1"]);
});

test("a disposed listener hears nothing more, and the same function may listen twice", async () => {
  const bus = createBus<Topics>({ onError: failTest });
  let calls = 0;
  const listener = () => void calls++;
  const first = bus.subscribe("role.changed", listener);
  using _second = bus.subscribe("role.changed", listener);
  await bus.publish("role.changed", { name: "view" });
  assert.equal(calls, 2);
  first[Symbol.dispose]();
  await bus.publish("role.changed", { name: "view" });
  assert.equal(calls, 3);
});

test("a listener that throws or rejects is reported and disturbs nobody", async () => {
  const errors: string[] = [];
  const bus = createBus<Topics>({ onError: (error, topic) => void errors.push(`${topic}: ${error}`) });
  let heard = 0;
  using _throws = bus.subscribe("role.changed", () => {
    throw new Error("thrown");
  });
  using _rejects = bus.subscribe("role.changed", () => Promise.reject(new Error("rejected")));
  using _fine = bus.subscribe("role.changed", () => void heard++);
  await bus.publish("role.changed", { name: "view" });
  await new Promise(setImmediate);
  assert.equal(heard, 1);
  assert.deepEqual(errors, ["role.changed: Error: thrown", "role.changed: Error: rejected"]);
});

test("a listener that subscribes another one while being called does not make it hear the same event", async () => {
  const bus = createBus<Topics>({ onError: failTest });
  using subscriptions = new DisposableStack();
  let late = 0;
  subscriptions.use(
    bus.subscribe("role.changed", () => void subscriptions.use(bus.subscribe("role.changed", () => void late++))),
  );
  await bus.publish("role.changed", { name: "view" });
  assert.equal(late, 0);
});
