/** threats.md A14: a flood of logins must not exhaust memory, nor keep out who has the right password. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import http from "node:http";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { adminPassword, startYard } from "./support/yard-process.ts";

const floodMs = 8_000;
const clients = 64;
/** Floods come from many addresses; these are some of this machine's own. The person has another one. */
const addressOf = (client: number) => `127.0.1.${1 + (client % 16)}`;
const person = "127.0.2.1";
const mebibyte = 1024 * 1024;

test("during a flood of wrong logins memory stays flat and a right password still gets in", async () => {
  await using yard = await startYard();
  assert.equal(await login(yard.url, "admin", adminPassword, person), 200);
  const before = rssOf(yard.pid);
  const until = performance.now() + floodMs;
  const statuses = new Map<number, number>();
  let peak = 0;

  const flood = Array.from({ length: clients }, async (_, client) => {
    for (let n = 0; performance.now() < until; n++) {
      const status = await login(yard.url, `guess-${client}-${n}`, "wrong", addressOf(client));
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      peak = Math.max(peak, rssOf(yard.pid));
    }
  });
  await sleep(floodMs / 4);
  const gotIn = await retried(() => login(yard.url, "admin", adminPassword, person), until);
  await Promise.all(flood);

  assert.ok(gotIn, `the right password was refused for ${floodMs * 0.75} ms`);
  assert.deepEqual(
    [...statuses.keys()].filter((status) => ![401, 429, 503].includes(status)),
    [],
  );
  assert.ok(statuses.get(401), "some guesses were really checked");
  assert.ok(peak - before < 256 * mebibyte, `memory grew by ${Math.round((peak - before) / mebibyte)} MiB`);
});

function login(url: string, username: string, password: string, localAddress: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = http.request(
      `${url}/appmesh/login`,
      { method: "POST", auth: `${username}:${password}`, localAddress, agent: false },
      (reply) => {
        reply.resume().on("end", () => resolve(reply.statusCode ?? 0));
      },
    );
    request.on("error", reject).end();
  });
}

/** As a person would: again after a moment, as long as the server says that it is busy. */
async function retried(attempt: () => Promise<number>, until: number): Promise<boolean> {
  while (performance.now() < until) {
    if ((await attempt()) === 200) return true;
    await sleep(250);
  }
  return false;
}

function rssOf(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]) * 1024;
}
