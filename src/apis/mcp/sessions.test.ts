import assert from "node:assert/strict";
import test from "node:test";
import { Server } from "@modelcontextprotocol/server";
import { createTestClock } from "../../identity/testing.ts";
import type { Asker } from "./askers.ts";
import { createMcpSessions, type McpSessions } from "./sessions.ts";

const bounds = { idleMs: 1_000, perOwner: 2, all: 3 };
const initialize = {
  ...{ jsonrpc: "2.0", id: 1, method: "initialize" },
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "test", version: "1" } },
};
const ping = { jsonrpc: "2.0", id: 2, method: "ping" };

function openSessions() {
  const clock = createTestClock();
  const sessions = createMcpSessions({
    clock,
    createServer: () => new Server({ name: "test", version: "1" }),
    bounds,
  });
  return { sessions, advance: clock.advance };
}

function askedBy(owner: string): Asker {
  return {
    caller: { teamId: owner, actor: { userId: owner, username: owner } },
    request: { id: "1", ip: "127.0.0.1", log: { error: () => {} } },
    session: undefined,
    signal: new AbortController().signal,
  };
}

async function ask(sessions: McpSessions, owner: string, body: object, id?: string): Promise<Response> {
  const headers = { "content-type": "application/json", accept: "application/json, text/event-stream" };
  const request = new Request("http://yard/mcp", {
    method: "POST",
    headers: id === undefined ? headers : { ...headers, "mcp-session-id": id },
  });
  const response = await sessions.handle(request, body, askedBy(owner));
  await response.text();
  return response;
}

async function open(sessions: McpSessions, owner: string): Promise<string> {
  const id = (await ask(sessions, owner, initialize)).headers.get("mcp-session-id");
  assert.ok(id);
  return id;
}

test("an owner's oldest session gives way to a new one, and the last used is not the oldest", async () => {
  const { sessions } = openSessions();
  await using _closing = sessions;
  const first = await open(sessions, "ada");
  const second = await open(sessions, "ada");
  assert.equal((await ask(sessions, "ada", ping, first)).status, 200);
  const third = await open(sessions, "ada");
  await assert.rejects(ask(sessions, "ada", ping, second), { code: "not_found" });
  for (const id of [first, third]) assert.equal((await ask(sessions, "ada", ping, id)).status, 200);
});

test("others' sessions never give way: a full house says so", async () => {
  const { sessions } = openSessions();
  await using _closing = sessions;
  const ids = [await open(sessions, "ada"), await open(sessions, "ada"), await open(sessions, "bob")];
  await assert.rejects(ask(sessions, "carol", initialize), { code: "too_many" });
  for (const [n, owner] of ["ada", "ada", "bob"].entries())
    assert.equal((await ask(sessions, owner, ping, ids[n])).status, 200);
});

test("idle sessions end, and make room", async () => {
  const { sessions, advance } = openSessions();
  await using _closing = sessions;
  const old = await open(sessions, "ada");
  const used = await open(sessions, "ada");
  await open(sessions, "bob");
  advance(900);
  await ask(sessions, "ada", ping, used);
  advance(200);
  await open(sessions, "carol");
  await assert.rejects(ask(sessions, "ada", ping, old), { code: "not_found" });
  assert.equal((await ask(sessions, "ada", ping, used)).status, 200);
});

test("an initialize that is refused leaves no session", async () => {
  const { sessions } = openSessions();
  await using _closing = sessions;
  const request = new Request("http://yard/mcp", { method: "POST", headers: { accept: "text/html" } });
  for (let n = 0; n <= bounds.all; n++)
    assert.equal((await sessions.handle(request, initialize, askedBy("ada"))).status, 406);
  for (const owner of ["ada", "ada", "bob"]) await open(sessions, owner);
});
