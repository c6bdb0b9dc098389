import assert from "node:assert/strict";
import { test } from "node:test";
import { isYardError } from "../platform/errors.ts";
import { until } from "../platform/testing/until.ts";
import { createCalls } from "./calls.ts";
import { answerJson, connectTo, serveMute, serveStandIn } from "./testing.ts";

test("a call is answered", async () => {
  await using agent = await serveStandIn((stream, path) => answerJson(stream, { path }));
  await using connection = connectTo(agent);
  const reply = await createCalls(connection)({ method: "GET", path: "/v1/units" });
  assert.deepEqual(JSON.parse(reply.body.toString()), { path: "/v1/units" });
  assert.equal(connection.connected, true);
  assert.equal(connection.info?.hostname, "test");
});

test("the agent's errors arrive with code, message and field", async () => {
  const body = { code: "invalid", message: "cwd does not exist", field: "cwd" };
  await using agent = await serveStandIn((stream) => answerJson(stream, body, 400));
  await using connection = connectTo(agent);
  await assert.rejects(createCalls(connection)({ method: "GET", path: "/" }), body);
});

test("an error without a reason is an internal one, not a success", async () => {
  await using agent = await serveStandIn((stream) => stream.respond({ ":status": 502 }, { endStream: true }));
  await using connection = connectTo(agent);
  await assert.rejects(createCalls(connection)({ method: "GET", path: "/" }), { code: "internal" });
});

test("a call in flight is made again when the connection breaks", async () => {
  let calls = 0;
  await using agent = await serveStandIn((stream) => {
    if (++calls < 3) agent.breakConnections();
    else answerJson(stream, { calls });
  });
  await using connection = connectTo(agent);
  await createCalls(connection)({ method: "PUT", path: "/", body: {} });
  assert.equal(calls, 3);
});

test("a call that must not be made twice is interrupted when the connection breaks", async () => {
  let calls = 0;
  await using agent = await serveStandIn(() => {
    calls++;
    agent.breakConnections();
  });
  await using connection = connectTo(agent);
  await assert.rejects(createCalls(connection)({ method: "POST", path: "/", once: true }), { code: "interrupted" });
  assert.equal(calls, 1);
});

test("a reply that breaks off in the middle is not taken for a whole one", async () => {
  await using agent = await serveStandIn((stream) => {
    stream.respond({ ":status": 200 });
    stream.write("[1, 2", () => agent.breakConnections());
  });
  await using connection = connectTo(agent);
  await assert.rejects(createCalls(connection)({ method: "GET", path: "/", once: true }), { code: "interrupted" });
});

test("a call that is not answered ends with timeout", async () => {
  await using agent = await serveStandIn(() => {});
  await using connection = connectTo(agent);
  const call = createCalls(connection)({ method: "GET", path: "/never", timeoutMs: 50 });
  await assert.rejects(call, { code: "timeout", message: /GET \/never within/ });
});

test("a call can be given up", async () => {
  await using agent = await serveStandIn(() => giveUp.abort());
  await using connection = connectTo(agent);
  const giveUp = new AbortController();
  const call = createCalls(connection)({ method: "GET", path: "/", signal: giveUp.signal });
  await assert.rejects(call, { code: "interrupted" });
});

test("a call waits for the agent to come back", async () => {
  await using first = await serveStandIn(() => {});
  const { socketPath } = first;
  await using connection = connectTo(first, { waitMs: 10_000 });
  await connection.session();
  await first.close();
  await until(() => !connection.connected);
  const call = createCalls(connection)({ method: "GET", path: "/" });
  await using _second = await serveStandIn((stream) => answerJson(stream, "back"), { socketPath });
  assert.equal((await call).body.toString(), '"back"');
});

test("a call to an agent that stays away fails with unavailable, the reason and when to come back", async () => {
  await using agent = await serveStandIn(() => {});
  await using connection = connectTo(agent, { waitMs: 50 });
  await connection.session();
  await agent.close();
  await assert.rejects(createCalls(connection)({ method: "GET", path: "/" }), (error) => {
    assert.ok(isYardError(error, "unavailable"));
    assert.match(error.message, /host test does not answer: nobody listens/);
    assert.equal(error.retryAfterMs, 50);
    return true;
  });
});

for (const [protocol, advice] of [
  [0, "upgrade the agent"],
  [99, "upgrade the yard"],
] as const) {
  test(`an agent of protocol version ${protocol} is refused: ${advice}`, async () => {
    await using agent = await serveStandIn(() => {}, { protocol });
    await using connection = connectTo(agent);
    await assert.rejects(connection.session(), { code: "precondition", message: new RegExp(advice) });
  });
}

test("an agent that accepts connections and says nothing is unavailable", async () => {
  await using agent = await serveMute();
  await using connection = connectTo(agent, { waitMs: 50 });
  await assert.rejects(createCalls(connection)({ method: "GET", path: "/" }), { code: "unavailable" });
});

test("calls in flight when the connection is closed are interrupted, not answered with what had arrived", async () => {
  await using agent = await serveStandIn((stream) => {
    stream.respond({ ":status": 200 });
    stream.write("[1, 2", () => void connection[Symbol.asyncDispose]());
  });
  await using connection = connectTo(agent);
  await assert.rejects(createCalls(connection)({ method: "GET", path: "/" }), { code: "interrupted" });
});

test("a retired connection serves on until its session ends, and then neither comes back nor complains", async () => {
  await using agent = await serveStandIn((stream) => answerJson(stream, "served"));
  const warnings: string[] = [];
  const log = { info() {}, warn: (_fields: object, message: string) => void warnings.push(message) };
  await using connection = connectTo(agent, { log });
  await connection.session();
  connection.retire();
  const { body } = await createCalls(connection)({ method: "GET", path: "/" });
  assert.equal(body.toString(), '"served"');
  agent.breakConnections();
  await until(() => connection.closed.aborted);
  await assert.rejects(connection.session(), { code: "unavailable", message: /let go of/ });
  assert.equal(connection.connected, false);
  assert.deepEqual(warnings, []);
});
