import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { YardError } from "../../../platform/errors.ts";
import { createHttpServer } from "../../../platform/http/server.ts";
import { createLog } from "../../../platform/log.ts";
import { createMetrics } from "../../../platform/metrics.ts";
import type { ConsoleParts } from "../console-parts.ts";
import { sendError } from "../errors.ts";
import { createSightGuard, principalOf } from "../guard.ts";
import { emptyConsole, testPrincipal } from "../testing.ts";
import { registerAppList } from "./apps.ts";
import { registerAuditList } from "./audit.ts";
import { registerCapsuleList } from "./capsules.ts";
import { registerContainerList } from "./containers.ts";
import { registerEventList } from "./events.ts";
import { registerExecutionList } from "./executions.ts";
import { registerHostList } from "./hosts.ts";
import { registerTaskList } from "./tasks.ts";

const everything = testPrincipal({ isAdmin: true });
const nothing = testPrincipal({ username: "guest" });

async function openLists(overrides: Partial<ConsoleParts> = {}) {
  const parts = emptyConsole(overrides);
  const authenticate = ({ headers }: { headers: { authorization?: string } }) => {
    if (headers.authorization === "Bearer all") return everything;
    if (headers.authorization === "Bearer none") return nothing;
    throw new YardError("unauthenticated", "A valid token is needed.");
  };
  const tools = {
    parts,
    sees: createSightGuard({ authenticate }, parts.access),
    viewerOf: (request: object) => parts.access.viewer(principalOf(request)),
  };
  const server = await createHttpServer({
    apis: [
      {
        ...{ name: "lists", title: "Lists", version: "1", description: "", pathPrefixes: ["/yard"], sendError },
        notFound: (request, reply) => sendError(new YardError("not_found", "nothing"), request, reply),
        register(app) {
          for (const register of [registerAppList, registerTaskList, registerCapsuleList, registerExecutionList])
            register(app, tools);
          for (const register of [registerContainerList, registerHostList, registerEventList, registerAuditList])
            register(app, tools);
        },
      },
    ],
    log: createLog({ level: "silent" }),
    metrics: createMetrics(),
    validateResponses: true,
  });
  return {
    async get(path: string, as = "all") {
      const { statusCode: status, body } = await server.fastify.inject({
        url: `/yard/v1/${path}`,
        headers: { host: "127.0.0.1", authorization: `Bearer ${as}` },
      });
      return { status, json: JSON.parse(body) };
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

const lists = ["apps", "tasks", "capsules", "executions", "containers", "hosts", "events", "audit"] as const;

describe("every list", () => {
  test("is refused to whoever may not see its rows, and to whom nobody knows", async () => {
    await using opened = await openLists();
    for (const list of lists) {
      assert.equal((await opened.get(list)).status, 200, list);
      const refused = await opened.get(list, "none");
      assert.deepEqual([refused.status, refused.json.error.code], [403, "forbidden"], list);
      assert.equal((await opened.get(list, "forged")).status, 401, list);
    }
  });

  test("names the parameter that is wrong", async () => {
    await using opened = await openLists();
    const wrong = [
      ...lists.flatMap((list) => [
        [`${list}?limit=0`, "limit"],
        [`${list}?limit=501`, "limit"],
        [`${list}?after=nonsense`, "after"],
        [`${list}?search=${"x".repeat(201)}`, "search"],
      ]),
      ...[
        ["apps?state=running,flying", "state"],
        ["apps?sort=size", "sort"],
        ["tasks?state=ready", "state"],
        ["tasks?team=nobody", "team"],
        ["capsules?status=dead", "status"],
        ["capsules?team=nobody", "team"],
        ["executions?status=done", "status"],
        ["containers?sort=size", "sort"],
        ["hosts?status=gone", "status"],
        ["events?sort=name", "sort"],
      ],
    ];
    for (const [path, field] of wrong) {
      const { status, json } = await opened.get(path!);
      assert.deepEqual([status, json.error?.code, json.error?.field], [400, "invalid", field], path);
    }
  });
});

describe("events", () => {
  const event = (seq: number) => ({ seq, at: 5, topic: "app.added", subject: "app_1", data: {} });

  test("the oldest first have always a next: what comes later", async () => {
    await using empty = await openLists();
    const { next } = (await empty.get("events")).json;
    assert.ok(next);
    const froms: (number | undefined)[] = [];
    await using opened = await openLists({
      events: {
        async page({ from }) {
          froms.push(from);
          return { rows: [event((from ?? 0) + 1)], next: undefined };
        },
      },
    });
    const first = (await opened.get(`events?after=${next}`)).json;
    const second = (await opened.get(`events?after=${first.next}`)).json;
    assert.deepEqual([first.items[0].id, second.items[0].id, froms], ["1", "2", [0, 1]]);
    assert.equal((await opened.get("events?sort=newest")).json.next, null);
  });

  test("name capsules and teams as people see them, and are asked for so", async () => {
    const asked: (string | undefined)[] = [];
    const subject = `capsule_0${"a".repeat(25)}`;
    const row = { seq: 1, at: 5, topic: "capsule.created", subject, data: { teamId: "team_1", by: "ada" } };
    await using opened = await openLists({
      words: { ...emptyConsole().words, idToWire: (kind) => `wire-${kind}`, idFromWire: () => subject },
      events: {
        async page(wanted) {
          asked.push(wanted.subject);
          const template = { ...row, topic: "template.snapshot.created", subject: "capsule_base" };
          return { rows: [row, template].filter((each) => wanted.matches?.(each) ?? true), next: undefined };
        },
      },
    });
    const { items } = (await opened.get("events?subject=cl-1")).json;
    assert.deepEqual(asked, [subject]);
    assert.deepEqual([items[0].subject, items[0].data], ["wire-capsule", { teamId: "wire-team", by: "ada" }]);
    assert.equal(items[1].subject, "capsule_base", "a template is called so");
    assert.equal((await opened.get("events?search=wire-capsule")).json.items.length, 1, "it is found by that");
  });
});

describe("containers", () => {
  const row = (id: string, name: string, more: object = {}) => ({
    ...{ Id: id, Names: [`/${name}`], Image: "busybox", ImageID: "sha256:1", Created: 7, State: "running" },
    ...{ Status: "Up 3 hours (unhealthy)", Labels: { "com.docker.compose.project": "shop" }, ...more },
  });

  test("are those of all hosts, in the yard's words, beside the hosts of which nobody knows", async () => {
    const engine = {} as never;
    const host = (id: string, isLocal = false) => ({ id, name: id, isLocal, tags: [], isOnline: true, engine });
    const ports = [
      { IP: "0.0.0.0", PrivatePort: 80, PublicPort: 8080, Type: "tcp" },
      { IP: "::", PrivatePort: 80, PublicPort: 8080, Type: "tcp" },
      { PrivatePort: 443, Type: "tcp" },
    ];
    await using opened = await openLists({
      dockerHosts: {
        list: () => [],
        fanOut: async (_reach, ask) => ({
          answers: [{ host: host("own", true), answer: await ask(host("own", true)) }],
          unreachable: [{ host: host("far"), error: new YardError("unavailable", "agent offline") }],
        }),
      },
      inventories: {
        onEvent: () => ({ [Symbol.dispose]() {} }),
        containers: async () => [
          row("b2", "web", { Ports: ports }),
          row("a1", "db", { State: "exited", Status: "Exited (0)" }),
        ],
      },
    });
    const { items, unreachable, total, next } = (await opened.get("containers")).json;
    assert.deepEqual(unreachable, [{ hostId: "far", hostName: "far", reason: "agent offline" }]);
    assert.deepEqual([total, next, items.map(({ name }: { name: string }) => name)], [2, null, ["db", "web"]]);
    assert.deepEqual(items[1], {
      ...{ id: "b2", name: "web", image: "busybox", hostId: "local", hostName: "own", state: "running" },
      ...{ status: "Up 3 hours (unhealthy)", health: "unhealthy", stack: "shop", service: null, createdAt: 7_000 },
      ports: ["0.0.0.0:8080->80/tcp", "443/tcp", "[::]:8080->80/tcp"],
    });
    for (const [query, ids] of [
      ["state=exited", ["a1"]],
      ["state=running,exited&sort=-name", ["b2", "a1"]],
      ["search=SHOP web", ["b2"]],
      ["stack=other", []],
      ["host=local&search=a1", ["a1"]],
    ] as const) {
      const found = (await opened.get(`containers?${query}`)).json.items.map(({ id }: { id: string }) => id);
      assert.deepEqual(found, ids, query);
    }
  });

  test("a page out of ten thousand holds what was asked for", async () => {
    const rows = Array.from({ length: 10_000 }, (_, i) => row(`id${i}`, `web${i}`));
    const host = { id: "own", name: "own", isLocal: true, tags: [], isOnline: true, engine: {} as never };
    await using opened = await openLists({
      dockerHosts: {
        list: () => [],
        fanOut: async (_reach, ask) => ({ answers: [{ host, answer: await ask(host) }], unreachable: [] }),
      },
      inventories: { onEvent: () => ({ [Symbol.dispose]() {} }), containers: async () => rows },
    });
    assert.equal((await opened.get("containers?search=web&limit=100")).json.items.length, 100);
  });
});
