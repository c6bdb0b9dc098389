/** An engine that takes what it is asked and never answers: people are told so, soon, and nothing piles up behind it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../src/platform/testing/until.ts";
import { callerOf } from "./support/dockmesh.ts";
import { openFakeEngine } from "./support/fake-engine.ts";
import { openTestYard } from "./support/yard-in-process.ts";

/** Of the yard and its agent: streams of events, and one call of each kind that is under way. */
const fewConnections = 12;

test("an engine that hangs is told of as one that does not answer, to fifty at once, and is found again", async () => {
  await using engine = await openFakeEngine([{ Id: "c0ffee".padEnd(64, "0"), name: "found" }]);
  await using opened = await openTestYard({ "docker-socket": engine.socketPath });
  const { token } = await callerOf(opened, "admin");
  const get = async <Body>(path: string): Promise<Body> => {
    const response = await fetch(`${opened.url}/yard/v1/${path}`, { headers: { authorization: `Bearer ${token}` } });
    const text = await response.text();
    assert.equal(response.status, 200, `${path}: ${text}`);
    return JSON.parse(text);
  };
  const fifty = <Body>(path: string) => Promise.all(Array.from({ length: 50 }, () => get<Body>(path)));
  interface Overview {
    readonly runs: { readonly containers: { readonly running: number; readonly unreachableHosts: number } };
  }
  const containers = async () => (await get<Overview>("overview")).runs.containers;
  await until(async () => (await containers()).running === 1, { what: "the container" });

  engine.hang(true);
  for (const { runs } of await fifty<Overview>("overview")) assert.equal(runs.containers.unreachableHosts, 1);
  for (const { items } of await fifty<{ items: object[] }>("search?q=found")) assert.deepEqual(items, []);
  for (const { unreachable } of await fifty<{ unreachable: object[] }>("containers"))
    assert.equal(unreachable.length, 1);
  assert.ok((await engine.connections()) <= fewConnections, `${await engine.connections()} connections`);
  const { findings } = await get<{ findings: { name: string; state: string; what: string }[] }>("doctor?fresh=true");
  const docker = findings.find(({ name }) => name === "docker");
  assert.deepEqual([docker?.state, docker?.what], ["warning", `The engine at ${engine.socketPath} does not answer.`]);

  engine.hang(false);
  await until(async () => (await containers()).running === 1, { what: "the container again", timeoutMs: 30_000 });
});
