/** A yard whose PostgreSQL goes away for a while: its users wait, and lose nothing. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { findPostgres, startPostgres, type TestPostgres } from "../src/platform/db/testing-postgres.ts";
import { skipUnless } from "../src/platform/testing/parts.ts";
import { until } from "../src/platform/testing/until.ts";
import { type AppMesh, logIn } from "./support/appmesh.ts";
import { adminPassword, type RunningYard, startYard } from "./support/yard-process.ts";

const skip = skipUnless(findPostgres() !== undefined, "PostgreSQL", "apt-get install postgresql");

describe("PostgreSQL goes away", { skip }, () => {
  let postgres: TestPostgres;
  let yard: RunningYard;
  let admin: AppMesh;
  before(async () => {
    postgres = await startPostgres(findPostgres()!);
    await postgres.administer("create database yard");
    yard = await startYard(["--database-url", postgres.url("yard")]);
    admin = await logIn(yard.url, "admin", adminPassword);
  });
  after(async () => {
    await yard?.[Symbol.asyncDispose]();
    await postgres[Symbol.asyncDispose]();
  });

  const readiness = async () => {
    const reply = await fetch(`${yard.url}/readyz`, { signal: AbortSignal.timeout(10_000) });
    return { status: reply.status, checks: ((await reply.json()) as { checks: Record<string, string> }).checks };
  };

  /** Sets labels one after the other until `stop`, as a client does that comes back when it is told to. */
  async function setLabels(prefix: string, stop: AbortSignal) {
    const saved: string[] = [];
    const refusals: string[] = [];
    for (let n = 0; !stop.aborted; n++) {
      const name = `${prefix}-${n}`;
      const { status, headers, text } = await admin.request("PUT", `/label/${name}?value=1`);
      if (status < 300) saved.push(name);
      else refusals.push(`${status} ${headers.get("retry-after") ?? "never"} ${text}`);
    }
    return { saved, refusals };
  }

  for (const [signal, what] of [
    ["INT", "is restarted"],
    ["QUIT", "crashes, and comes back"],
  ] as const) {
    test(`when it ${what}, requests wait, nothing that was acknowledged is lost, and the yard goes on by itself`, async () => {
      const stop = new AbortController();
      const clients = Promise.all(["a", "b", "c", "d"].map((one) => setLabels(`${signal}-${one}`, stop.signal)));
      await until(async () => (await admin.expect("GET", "/labels")).text.includes(`${signal}-d-5"`));

      await postgres.halt(signal);
      const meanwhile = await readiness();
      assert.equal(meanwhile.status, 503);
      assert.notEqual(meanwhile.checks.database, "ok");
      assert.equal(meanwhile.checks.agent, "ok");
      assert.equal((await fetch(`${yard.url}/healthz`)).status, 200);
      const waited = admin.request("PUT", `/label/${signal}-waited?value=1`);
      await postgres.start();

      assert.ok((await waited).status < 300);
      await until(async () => (await readiness()).status === 200);
      stop.abort();
      const all = await clients;
      const labels = (await admin.expect("GET", "/labels")).json();
      const lost = all.flatMap(({ saved }) => saved).filter((name) => labels[name] === undefined);
      assert.deepEqual(lost, []);
      // Refused is only what may have been done when the server went: at most what each client had just asked for.
      for (const { refusals } of all) {
        assert.ok(refusals.length <= 1, refusals.join("\n"));
        for (const refusal of refusals) assert.match(refusal, /^503 [1-9]/);
      }
    });
  }
});
