import assert from "node:assert/strict";
import { test } from "node:test";
import type { SocketChannel, SocketMessage } from "../../../platform/http/socket-channel.ts";
import { until } from "../../../platform/testing/until.ts";
import { testPrincipal, viewerOf } from "../testing.ts";
import { converse } from "./conversation.ts";
import { openHub } from "./hub.ts";
import type { Changes, Source, Sources, Topic } from "./topics.ts";

/** A client that is there until it leaves, and reads when it is let. */
function openClient() {
  const sent: Record<string, unknown>[] = [];
  const incoming: SocketMessage[] = [];
  let wake = Promise.withResolvers<void>();
  let isGone = false;
  let reading = Promise.withResolvers<void>();
  reading.resolve();
  let closedWith: number | undefined;
  const channel: SocketChannel = {
    async send(message) {
      await reading.promise;
      sent.push(JSON.parse(String(message)));
    },
    sendLines: () => assert.fail("no lines are sent"),
    close(code) {
      closedWith = code;
      isGone = true;
      wake.resolve();
    },
    closed: new AbortController().signal,
    async *[Symbol.asyncIterator]() {
      for (;;) {
        const message = incoming.shift();
        if (message !== undefined) yield message;
        else if (isGone) return;
        else {
          await wake.promise;
          wake = Promise.withResolvers();
        }
      }
    },
  };
  return {
    channel,
    sent,
    closedWith: () => closedWith,
    say(message: unknown) {
      incoming.push(typeof message === "string" ? message : JSON.stringify(message));
      wake.resolve();
    },
    stopReading() {
      reading = Promise.withResolvers();
    },
    readOn: () => reading.resolve(),
    leave() {
      isGone = true;
      wake.resolve();
    },
  };
}

function openConversation({
  sees = () => true,
  pingMs = 60_000,
}: {
  sees?: (topic: string) => boolean;
  pingMs?: number;
} = {}) {
  const tells = new Map<string, (changes: Changes) => void>();
  const source =
    (topic: Topic): Source =>
    (tell) => {
      tells.set(topic, tell);
      return { [Symbol.dispose]: () => void tells.delete(topic) };
    };
  const sources: Sources = {
    ...{ apps: source("apps"), tasks: source("tasks"), capsules: source("capsules"), events: source("events") },
    ...{ executions: source("executions"), containers: source("containers"), stacks: source("stacks") },
    ...{ hosts: source("hosts"), alerts: source("alerts") },
  };
  const bus = { onResync: () => ({ [Symbol.dispose]() {} }) };
  const hub = openHub(sources, { rereadMs: undefined, bus }, { lingerMs: 0 });
  const client = openClient();
  const over = converse({
    ...{ channel: client.channel, hub, viewer: viewerOf(testPrincipal()), maySee: sees, now: () => 7 },
    times: { intervalMs: 10, pingMs },
  });
  const change = (topic: string, id: string, isFor = true) =>
    tells.get(topic)?.([{ change: { id, kind: "changed" }, isFor: () => isFor }]);
  return { ...client, tells, change, over };
}

const heard = (sent: readonly Record<string, unknown>[], topic: string) => sent.filter((one) => one.topic === topic);

test("tells of the topics that were asked for, of rows that the viewer sees, and says which are refused", async () => {
  const { say, sent, change, leave, over, tells } = openConversation({ sees: (topic) => topic !== "events" });
  say({ subscribe: ["apps", "events", "nonsense", "apps"] });
  await until(() => sent.length === 1, { what: "the answer" });
  assert.deepEqual(sent[0], { subscribed: ["apps"], refused: ["events", "nonsense"] });
  assert.deepEqual([...tells.keys()], ["apps"]);
  change("apps", "app_other", false);
  change("apps", "app_1");
  await until(() => heard(sent, "apps").length === 1, { what: "the change" });
  assert.deepEqual(sent[1], { topic: "apps", at: 7, changes: [{ id: "app_1", kind: "changed" }] });

  say({ subscribe: ["tasks"] });
  await until(() => tells.has("tasks"), { what: "the other subscription" });
  await until(() => !tells.has("apps"), { what: "that nobody listens to it any more" });
  leave();
  await over;
  await until(() => tells.size === 0, { what: "that nobody listens" });
});

test("who reads slowly is told less often, and at last to read again, and costs no memory meanwhile", async () => {
  const { say, sent, change, stopReading, readOn, leave, over } = openConversation();
  say({ subscribe: ["tasks"] });
  await until(() => sent.length === 1, { what: "the answer" });
  stopReading();
  change("tasks", "first");
  for (let i = 0; i < 100_000; i++) change("tasks", `task${i}`);
  readOn();
  await until(() => heard(sent, "tasks").some(({ reset }) => reset === true), { what: "the reset" });
  change("tasks", "last");
  await until(() => JSON.stringify(heard(sent, "tasks").at(-1)).includes("last"), { what: "what comes after it" });
  assert.ok(heard(sent, "tasks").length <= 3, `${heard(sent, "tasks").length} messages`);
  leave();
  await over;
});

test("a line that is quiet is known to live", async () => {
  const { sent, leave, over } = openConversation({ pingMs: 5 });
  await until(() => sent.length >= 2, { what: "two pings" });
  assert.deepEqual(sent[0], { ping: 7 });
  leave();
  await over;
});

test("what nobody understands is answered, and at last ends it", async () => {
  const { say, sent, closedWith, over } = openConversation();
  for (const message of ["nonsense", "[]", '{"subscribe":"apps"}', '{"subscribe":[1]}']) say(message);
  await until(() => sent.length === 4, { what: "four answers" });
  assert.ok(sent.every(({ error }) => typeof error === "string"));
  for (let i = 0; i < 100; i++) say("nonsense");
  await over;
  assert.equal(closedWith(), 1008);
});
