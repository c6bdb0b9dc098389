/** What every bus keeps to, whatever carries it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Bus } from "./bus.ts";
import type { Topics } from "./topics.ts";

export interface OpenedBus extends AsyncDisposable {
  readonly bus: Bus<Topics>;
}

export type OnBusError = (error: unknown, topic: string) => void;

const failTest: OnBusError = (error) => assert.fail(String(error));

export function describeBus(open: (onError: OnBusError) => Promise<OpenedBus>): void {
  test("a published event reaches every listener of its topic, in order, before publish resolves", async () => {
    await using opened = await open(failTest);
    const heard: string[] = [];
    using _first = opened.bus.subscribe("user.changed", ({ userId }) => void heard.push(`first ${userId}`));
    using _second = opened.bus.subscribe("user.changed", ({ userId }) => void heard.push(`second ${userId}`));
    using _other = opened.bus.subscribe("role.changed", () => void heard.push("other topic"));
    await opened.bus.publish("user.changed", { userId: "user_1" });
    assert.deepEqual(heard, ["first user_1", "second user_1"]);
  });

  test("a disposed listener hears nothing more, and the same function may listen twice", async () => {
    await using opened = await open(failTest);
    let calls = 0;
    const listener = () => void calls++;
    const first = opened.bus.subscribe("role.changed", listener);
    using _second = opened.bus.subscribe("role.changed", listener);
    await opened.bus.publish("role.changed", { name: "view" });
    assert.equal(calls, 2);
    first[Symbol.dispose]();
    await opened.bus.publish("role.changed", { name: "view" });
    assert.equal(calls, 3);
  });

  test("a listener that throws or rejects is reported and disturbs nobody", async () => {
    const errors: string[] = [];
    await using opened = await open((error, topic) => void errors.push(`${topic}: ${error}`));
    let heard = 0;
    using _throws = opened.bus.subscribe("role.changed", () => {
      throw new Error("thrown");
    });
    using _rejects = opened.bus.subscribe("role.changed", () => Promise.reject(new Error("rejected")));
    using _fine = opened.bus.subscribe("role.changed", () => void heard++);
    await opened.bus.publish("role.changed", { name: "view" });
    await new Promise(setImmediate);
    assert.equal(heard, 1);
    assert.deepEqual(errors, ["role.changed: Error: thrown", "role.changed: Error: rejected"]);
  });

  test("a listener that subscribes another one while being called does not make it hear the same event", async () => {
    await using opened = await open(failTest);
    using subscriptions = new DisposableStack();
    let late = 0;
    const subscribeLate = () => void subscriptions.use(opened.bus.subscribe("role.changed", () => void late++));
    subscriptions.use(opened.bus.subscribe("role.changed", subscribeLate));
    await opened.bus.publish("role.changed", { name: "view" });
    assert.equal(late, 0);
  });
}
