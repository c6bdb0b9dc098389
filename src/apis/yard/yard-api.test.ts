import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import type { IssuedToken } from "../../identity/identity.ts";
import { YardError } from "../../platform/errors.ts";
import { createHttpServer } from "../../platform/http/server.ts";
import { assertRoutesDocumented } from "../../platform/http/testing.ts";
import { createLog } from "../../platform/log.ts";
import { createMetrics } from "../../platform/metrics.ts";
import { until } from "../../platform/testing/until.ts";
import { yardApi } from "./index.ts";
import type { YardApiParts } from "./parts.ts";
import { emptyConsole, testPrincipal } from "./testing.ts";

const ada = testPrincipal({ permissions: new Set(["hosts.view", "apps.output", "audit.view"]) });
const guest = testPrincipal({ username: "guest" });
const log = createLog({ level: "silent" });
type Page = Awaited<ReturnType<YardApiParts["apps"]["output"]>>;

function pageOf({ bytes = Buffer.alloc(0), from = 0, next = 0 }: Partial<Page> = {}): Page {
  return { bytes, from, next, size: next, run: { id: "run_1" }, ended: true };
}

async function openServer(overrides: Partial<YardApiParts> = {}) {
  const metrics = createMetrics();
  const parts: YardApiParts = {
    version: "1.0.0",
    authenticate: async ({ headers }) => {
      if (headers.authorization === "Bearer ada") return ada;
      if (headers.authorization === "Bearer guest") return guest;
      throw new YardError("unauthenticated", "A valid token is needed.");
    },
    sessions: { refresh: () => assert.fail("no login goes on") },
    apps: {
      output: async () => pageOf({ bytes: Buffer.from("hello"), from: 3, next: 8 }),
      follow: async () => Readable.from([Buffer.from("hello")]),
    },
    console: emptyConsole(),
    hostAgents: {
      hosts: {
        register: () => assert.fail("no host registers"),
        refresh: () => assert.fail("no host comes back"),
        authenticate: () => assert.fail("no host connects"),
        moor: () => assert.fail("no host connects"),
      },
      loginRate: 0,
    },
    readiness: { database: async () => 1 },
    metrics,
    metricsOpen: false,
    trees: {
      snapshots: { emptyId: "", open: () => assert.fail("no tree is looked at") },
      teamOf: () => "team_1",
      limits: { maxBytes: 1, maxEntries: 1, maxReadBytes: 1 },
    },
    templates: {
      importTemplate: () => assert.fail("no template is made"),
      scopeOf: () => assert.fail("no template is made"),
    },
    capsuleMoves: {
      move: () => assert.fail("no capsule is moved"),
      scopeFor: () => assert.fail("no capsule is moved"),
      capsuleIdFromWire: (text) => text,
      hostFromWire: (text) => text,
      hostName: () => null,
    },
    audit: { record: async () => {}, verify: () => assert.fail("nothing is verified") },
    essential: (work) => work(),
    ...overrides,
  };
  const server = await createHttpServer({ apis: [yardApi(parts)], log, metrics, validateResponses: true });
  const get = (url: string, as?: string, from?: string) =>
    server.fastify.inject({
      url,
      remoteAddress: from,
      headers: { host: "127.0.0.1", ...(as && { authorization: `Bearer ${as}` }) },
    });
  return { ...server, get };
}

test("documents every route", async () => {
  await using server = await openServer();
  await assertRoutesDocumented(server);
});

test("every route under /yard needs a token, and those that name a permission need that", async () => {
  await using server = await openServer();
  for (const [url, guarded] of [
    ["/yard/v1/self", false],
    ["/yard/v1/hosts", true],
    ["/yard/v1/events", true],
    ["/yard/v1/apps/x/output", true],
  ] as const) {
    for (const as of [undefined, "forged"]) {
      const refused = await server.get(url, as);
      assert.deepEqual(
        [refused.statusCode, refused.json().error.code, refused.headers["www-authenticate"]],
        [401, "unauthenticated", "Bearer"],
        url,
      );
    }
    assert.equal((await server.get(url, "guest")).statusCode, guarded ? 403 : 200, url);
    assert.equal((await server.get(url, "ada")).statusCode, 200, url);
  }
});

test("errors name the field and the request", async () => {
  await using server = await openServer();
  const response = await server.get("/yard/v1/events?limit=0", "ada");
  assert.equal(response.statusCode, 400);
  assert.deepEqual(response.json().error, {
    code: "invalid",
    message: "query parameter must be >= 1",
    field: "limit",
    requestId: response.headers["x-request-id"],
  });
  assert.equal((await server.get("/yard/nothing", "ada")).json().error.code, "not_found");
});

test("says who the caller is", async () => {
  await using server = await openServer();
  assert.deepEqual((await server.get("/yard/v1/self", "ada")).json(), {
    username: "ada",
    userId: "usr_1",
    isAdmin: false,
    roles: ["view"],
    permissions: ["apps.output", "audit.view", "hosts.view"],
    teams: [{ name: "ada", role: "owner" }],
    credential: { kind: "token", expiresAt: 1_800_000_000_000 },
  });
});

test("a login goes on with the answer that the sessions give, which nobody keeps on the way", async () => {
  const asked: unknown[] = [];
  const recorded: unknown[] = [];
  const user = { id: "usr_1", username: "ada" } as IssuedToken["user"];
  const issued = { token: "next", sessionId: "ses_1", issuedAt: 1, expiresAt: 9, audience: "yard", user };
  {
    await using server = await openServer({
      sessions: {
        async refresh(refreshToken, options) {
          asked.push([refreshToken, options?.isStrict ?? false]);
          if (refreshToken !== "ryr_one") throw new YardError("unauthenticated", "Log in again.");
          return { issued, refreshToken: "ryr_two" };
        },
      },
      audit: {
        record: async ({ action, target }) => void recorded.push([action, target]),
        verify: () => assert.fail("nothing is verified"),
      },
    });
    const post = (payload: object) =>
      server.fastify.inject({ method: "POST", url: "/yard/v1/refresh", headers: { host: "127.0.0.1" }, payload });
    const answer = await post({ refreshToken: "ryr_one" });
    assert.deepEqual(answer.json(), { accessToken: "next", expiresAt: 9, refreshToken: "ryr_two" });
    assert.equal(answer.headers["cache-control"], "no-store");
    assert.equal((await post({ refreshToken: "ryr_other" })).statusCode, 401);
    assert.equal((await post({})).json().error.field, "refreshToken");
  }
  assert.deepEqual(asked, [
    ["ryr_one", false],
    ["ryr_other", false],
  ]);
  assert.deepEqual(recorded, [["session.refresh", "ses_1"]]);
});

test("gives a page of output with its positions, or all of it as a stream", async () => {
  await using server = await openServer();
  const page = await server.get("/yard/v1/apps/x/output?position=1", "ada");
  assert.equal(page.body, "hello");
  const told = ["position", "run", "next", "size", "ended"].map((name) => page.headers[`x-output-${name}`]);
  assert.deepEqual(told, ["3", "run_1", "8", "8", "true"]);
  const stream = await server.get("/yard/v1/apps/x/output?position=1&follow", "ada");
  assert.deepEqual([stream.body, stream.headers["x-output-position"]], ["hello", "3"]);
});

test("a followed output holds back its source while nobody reads, and lets go of it when the reader leaves", async () => {
  let pulled = 0;
  const source = new Readable({
    read() {
      pulled += 1;
      this.push(Buffer.alloc(64 * 1024));
    },
  });
  const output = async () => pageOf();
  await using server = await openServer({ apps: { output, follow: async () => source } });
  const [listener] = await server.listen([{ secure: false, host: "127.0.0.1", port: 0 }]);
  const leaving = new AbortController();
  await fetch(`${listener?.url}/yard/v1/apps/x/output?follow`, {
    headers: { authorization: "Bearer ada" },
    signal: leaving.signal,
  });
  let before = -1;
  await until(
    () => {
      const isStill = pulled === before;
      before = pulled;
      return isStill;
    },
    { intervalMs: 100 },
  );
  assert.ok(pulled < 1_000, `${pulled} chunks were read for nobody`);
  leaving.abort();
  await until(() => source.destroyed);
});

test("a followed output breaks off when the server closes", async () => {
  const source = new Readable({ read() {} });
  source.push("some");
  const server = await openServer({
    apps: { output: async () => pageOf(), follow: async () => source },
  });
  const [listener] = await server.listen([{ secure: false, host: "127.0.0.1", port: 0 }]);
  const response = await fetch(`${listener?.url}/yard/v1/apps/x/output?follow`, {
    headers: { authorization: "Bearer ada" },
  });
  await Promise.all([assert.rejects(response.text()), server[Symbol.asyncDispose]()]);
  assert.ok(source.destroyed);
});

test("is ready when all parts are, and names the one that is not without its reason", async (t) => {
  await using server = await openServer();
  assert.deepEqual((await server.get("/healthz")).json(), { status: "ok" });
  const ready = await server.get("/readyz");
  assert.deepEqual([ready.statusCode, ready.json()], [200, { ready: true, checks: { database: "ok" } }]);

  t.mock.timers.enable({ apis: ["setTimeout"] });
  const readiness = { database: () => Promise.reject(new Error("s3cret")), agent: () => new Promise<never>(() => {}) };
  await using broken = await openServer({ readiness });
  const asked = broken.get("/readyz");
  using _tick = setInterval(() => t.mock.timers.tick(3_000), 20);
  const response = await asked;
  assert.deepEqual(
    [response.statusCode, response.json()],
    [503, { ready: false, checks: { database: "failed", agent: "late" } }],
  );
});

test("shows metrics to programs on this machine, and to others with a token or when they are open", async () => {
  await using server = await openServer();
  const local = await server.get("/metrics");
  assert.match(local.body, /^process_cpu_seconds_total /m);
  assert.equal(local.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
  assert.equal((await server.get("/metrics", undefined, "10.0.0.1")).statusCode, 401);
  assert.equal((await server.get("/metrics", "guest", "10.0.0.1")).statusCode, 200);
  await using open = await openServer({ metricsOpen: true });
  assert.equal((await open.get("/metrics", undefined, "10.0.0.1")).statusCode, 200);
});
