/** Bad input on every operation there is: each is refused in its API's own words, and changes nothing. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import test, { after, before } from "node:test";
import { assertRoutesDocumented } from "../src/platform/http/testing.ts";
import { type AppMesh, logIn } from "./support/appmesh.ts";
import { type OpenedYard, openTestYard } from "./support/yard-in-process.ts";
import { adminPassword } from "./support/yard-process.ts";

interface Operation {
  readonly api: string;
  readonly method: string;
  readonly path: string;
  readonly needsToken: boolean;
  readonly takesBody: boolean;
}

let opened: OpenedYard;
let admin: AppMesh;
let operations: Operation[];

before(async () => {
  opened = await openTestYard();
  admin = await logIn(opened.url, "admin", adminPassword);
  operations = (await Promise.all(["appmesh", "yard"].map(documentedOperations))).flat();
  await admin.expect("PUT", "/app/present", { body: { name: "present", command: "sleep 600", permission: 11 } });
});
after(() => opened[Symbol.asyncDispose]());

test("every registered route is documented and every documented operation is registered", async () => {
  await assertRoutesDocumented(opened.yard.http);
});

test("every operation that needs a token refuses a request without one, with a forged one, and with one that is none", async () => {
  const forged = `${Buffer.from('{"alg":"none","typ":"at+jwt"}').toString("base64url")}.${Buffer.from('{"sub":"admin"}').toString("base64url")}.`;
  const guarded = operations.filter(
    (operation) => operation.needsToken && !["/appmesh/login", "/metrics"].includes(operation.path),
  );
  assert.ok(guarded.length > 10);
  for (const { method, path } of guarded) {
    for (const authorization of [undefined, `Bearer ${forged}`, "Bearer x", "Basic YWRtaW46YWRtaW4="]) {
      const reply = await fetch(urlOf(path, "present"), { method, headers: authorization ? { authorization } : {} });
      assert.equal(reply.status, 401, `${method} ${path} with ${authorization}: ${await reply.text()}`);
    }
  }
});

test("a user without roles may do nothing but ask about itself and end its session", async () => {
  await opened.yard.identity.users.create({ username: "nobody", password: "correct horse" });
  const nobody = await logIn(opened.url, "nobody", "correct horse");
  const free = new Set([
    "POST /appmesh/auth",
    "POST /appmesh/self/logoff",
    "GET /appmesh/user/self",
    "GET /appmesh/user/permissions",
    "GET /appmesh/user/groups",
  ]);
  for (const { api, method, path, needsToken } of operations) {
    if (api !== "appmesh" || !needsToken || free.has(`${method} ${path}`) || path === "/appmesh/login") continue;
    const reply = await nobody.request(method, relative(path, "present"), {
      body: method === "GET" ? undefined : { name: "present", command: "true" },
    });
    assert.equal(reply.status, 400, `${method} ${path}: ${reply.text}`);
    assert.match(reply.json<{ message: string }>().message, /lacks the permission|not shared/, `${method} ${path}`);
  }
});

test("another user's private app is neither shown nor touched, whatever permissions one has", async () => {
  await opened.yard.identity.users.create({
    username: "neighbour",
    password: "correct horse",
    roles: ["view", "manage", "shell"],
  });
  const neighbour = await logIn(opened.url, "neighbour", "correct horse");
  const before = (await admin.expect("GET", "/app/present")).text;
  const listed = (await neighbour.expect("GET", "/applications")).json<{ name: string }[]>();
  assert.deepEqual(
    listed.filter((app) => app.name === "present"),
    [],
  );
  for (const [method, path, body] of [
    ["GET", "/app/present", undefined],
    ["GET", "/app/present/output", undefined],
    ["PUT", "/app/present", { name: "present", command: "true" }],
    ["PUT", "/app/other", { name: "present", command: "true" }],
    ["POST", "/app/present/enable", undefined],
    ["POST", "/app/present/disable", undefined],
    ["DELETE", "/app/present", undefined],
    ["POST", "/app/run", { name: "present" }],
    ["POST", "/app/syncrun", { name: "present" }],
  ] as const) {
    const reply = await neighbour.request(method, path, { body });
    assert.equal(reply.status, 400, `${method} ${path}: ${reply.text}`);
  }
  assert.deepEqual(withoutUsage((await admin.expect("GET", "/app/present")).text), withoutUsage(before));
});

const badBodies: readonly (readonly [string, string])[] = [
  ["malformed JSON", '{"command": '],
  ["no JSON at all", "command=true"],
  ["an array", "[]"],
  ["a string", '"true"'],
  ["null", "null"],
  ["a number for the command", '{"command": 7}'],
  ["a list for the environment", '{"command": "true", "env": ["A=b"]}'],
  ["a number in the environment", '{"command": "true", "env": {"A": 1}}'],
  ["a huge number", '{"command": "true", "stdout_cache_num": 1e300}'],
  ["a fraction", '{"command": "true", "status": 0.5}'],
  ["a text for a flag", '{"command": "true", "shell": "yes"}'],
  ["an unknown exit action", '{"command": "true", "behavior": {"exit": "explode"}}'],
  ["an exit code that is none", '{"command": "true", "behavior": {"control": {"x": "restart"}}}'],
  ["no command", "{}"],
  ["an open quote", '{"command": "echo \\"a"}'],
  ["a NUL in the command", '{"command": "echo \\u0000"}'],
  ["a NUL in the environment", '{"command": "true", "env": {"A": "\\u0000"}}'],
  ["an equals sign in a variable's name", '{"command": "true", "env": {"A=B": "c"}}'],
  ["a polluting key", '{"command": "true", "__proto__": {"shell": true}}'],
  ["10,000 levels", `{"command": "true", "metadata": ${"[".repeat(10_000)}${"]".repeat(10_000)}}`],
  ["a program that is not there", '{"command": "/no/such/program"}'],
];

for (const [method, path] of [
  ["PUT", "/app/bad"],
  ["POST", "/app/run"],
  ["POST", "/app/syncrun"],
] as const) {
  test(`${method} ${path} refuses bad bodies with 400 and its own words, and leaves nothing`, async () => {
    const before = await state();
    for (const [what, body] of badBodies) {
      if (method === "PUT" && what === "a program that is not there") continue; // kept, with the reason in last_error
      const reply = await admin.request(method, path, { body });
      assert.equal(reply.status, 400, `${what}: ${reply.status} ${reply.text}`);
      assert.ok(reply.json<{ message: string }>().message.length > 10, what);
    }
    assert.deepEqual(await state(), before);
  });
}

test("unknown fields are ignored, as the SDKs send back what they were shown", async () => {
  const body = { name: "echoed", command: "true", cpu: 1.5, user: "x", anything: { nested: [1] }, status: 0 };
  await admin.expect("PUT", "/app/echoed", { body });
  await admin.expect("DELETE", "/app/echoed");
});

const badNames = [
  "../x",
  "..%2fx",
  "a\0b",
  "a\nb",
  "-rf",
  "x".repeat(300),
  "a\u202eb",
  ".",
  "..",
  "a*b",
  "a/b",
  "agent",
  "\u2028",
];

test("names that could be taken for something else are refused, and touch no file", async () => {
  const files = filesBelow(opened.data);
  const before = await state();
  for (const name of badNames) {
    for (const [method, path] of [
      ["PUT", "/app/good"],
      ["POST", "/app/run"],
      ["POST", "/app/syncrun"],
    ] as const) {
      if (name === "..%2fx") continue; // as text of a body it holds no slash; in a path it is decoded to one: below
      const reply = await admin.request(method, path, { body: { name, command: "true" } });
      assert.equal(reply.status, 400, `${method} ${JSON.stringify(name)}: ${reply.status} ${reply.text}`);
      assert.match(reply.text, /name/);
    }
    const encoded = name === "..%2fx" ? name : encodeURIComponent(name);
    for (const method of ["GET", "DELETE", "PUT"]) {
      const reply = await admin.request(method, `/app/${encoded}`, {
        body: method === "PUT" ? { command: "true" } : undefined,
      });
      assert.ok([400, 404].includes(reply.status), `${method} ${JSON.stringify(name)}: ${reply.status} ${reply.text}`);
    }
  }
  assert.deepEqual(await state(), before);
  assert.deepEqual(filesBelow(opened.data), files);
});

test("bodies of 10 MB are refused everywhere, and a request without a token does not get to send one", async () => {
  const big = JSON.stringify({ command: "true", description: "x".repeat(10 * 1024 * 1024) });
  for (const { api, method, path, takesBody, needsToken } of operations) {
    if (api !== "appmesh" || method === "GET") continue;
    if (path === "/appmesh/file/upload") continue; // takes files, which may be larger
    const reply = await admin
      .request(method, relative(path, "present2"), { body: big })
      .catch((error: unknown) => error);
    if (reply instanceof Error) continue; // the server hung up in the middle of it, which is a refusal, too
    const { status, text } = reply as { status: number; text: string };
    const expected = !needsToken ? [400, 404, 413] : takesBody ? [413] : [400, 401, 404, 413];
    assert.ok(
      expected.includes(status) ||
        path === "/appmesh/self/logoff" ||
        path === "/appmesh/token/renew" ||
        path === "/appmesh/auth",
      `${method} ${path}: ${status} ${text}`,
    );
  }
  admin = await logIn(opened.url, "admin", adminPassword); // logged off by the above
});

test("bad bodies of the other operations are refused by the name of the field, and change nothing", async () => {
  const before = await settings();
  for (const [method, path, body] of [
    ["PUT", "/user/bad", '{"key": '],
    ["PUT", "/user/bad", "[]"],
    ["PUT", "/user/bad", '{"key": 5}'],
    ["PUT", "/user/bad", '{"key": "long enough", "roles": "view"}'],
    ["PUT", "/user/bad", '{"key": "long enough", "exec_user": "no such user"}'],
    ["PUT", "/user/..%2fbad", '{"key": "long enough"}'],
    ["PUT", "/user/bad", "{}"],
    ["POST", "/role/bad", "{}"],
    ["POST", "/role/bad", "[1]"],
    ["POST", "/role/bad", '["app-view"'],
    ["POST", "/user/admin/passwd", "{}"],
    ["POST", "/user/admin/passwd", '{"old_password": 1, "new_password": 2}'],
    ["POST", "/totp/validate", "{}"],
    ["POST", "/totp/validate", '{"user_name": "admin", "totp_code": 5}'],
    ["POST", "/config", "[]"],
    ["POST", "/config", '{"BaseConfig": 5}'],
    ["POST", "/config", '{"BaseConfig": {"LogLevel": "LOUD"}}'],
    ["POST", "/config", '{"REST": {"JWT": {"Audience": [5]}}}'],
    ["PUT", "/label/bad", undefined],
    ["PUT", "/label/a%0Ab?value=c", undefined],
    ["PUT", "/label/bad?value=a%00b", undefined],
  ] as const) {
    const reply = await admin.request(method, path, { body });
    assert.equal(reply.status, 400, `${method} ${path} ${body}: ${reply.status} ${reply.text}`);
    assert.ok(reply.json<{ message: string }>().message.length > 10, path);
  }
  assert.deepEqual(await settings(), before);
});

test("queries with wrong types, huge and negative numbers are refused by the name of the field, or mean what the contract says", async () => {
  for (const [path, status] of [
    ["/app/present/output?stdout_position=many", 400],
    ["/app/present/output?stdout_position=99999999999", 400],
    ["/app/present/output?stdout_position=-5", 200],
    ["/app/present/output?stdout_index=7", 404],
    ["/app/present/output?process_uuid=unknown", 404],
    ["/app/present/output?stdout_maxsize=1e9", 400],
    ["/app/present/output?timeout=P1M", 400],
    ["/app/absent/output", 404],
    ["/app/absent", 404],
    ["/nowhere", 404],
  ] as const) {
    const reply = await admin.request("GET", path);
    assert.equal(reply.status, status, `${path}: ${reply.text}`);
  }
  assert.equal(
    (await admin.request("GET", "/nowhere")).json<{ message: string }>().message,
    "Path not found GET:/appmesh/nowhere",
  );
});

async function documentedOperations(api: string): Promise<Operation[]> {
  const document = (await (await fetch(`${opened.url}/openapi/${api}.json`)).json()) as {
    paths: Record<string, Record<string, { security?: unknown[]; requestBody?: unknown }>>;
  };
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({
      api,
      method: method.toUpperCase(),
      path,
      needsToken: (operation.security?.length ?? 0) > 0,
      takesBody: operation.requestBody !== undefined,
    })),
  );
}

function urlOf(path: string, name: string): string {
  return `${opened.url}${path.replace(/\{[^}]+\}/, name)}`;
}

/** As the App Mesh client of the tests takes it. */
function relative(path: string, name: string): string {
  return path.replace(/^\/appmesh/, "").replace(/\{[^}]+\}/, name);
}

/** What must not change: apps, without what changes by itself. */
async function state(): Promise<unknown> {
  return (await admin.expect("GET", "/applications"))
    .json<Record<string, unknown>[]>()
    .map(({ name, command, pid, starts }) => ({ name, command, pid, starts }));
}

/** Users, roles, labels and configuration. */
async function settings(): Promise<unknown> {
  const paths = ["/users", "/roles", "/labels", "/config"];
  return Promise.all(paths.map(async (path) => (await admin.expect("GET", path)).json()));
}

function withoutUsage(text: string): unknown {
  const { cpu: _cpu, memory: _memory, fd: _fd, ...rest } = JSON.parse(text) as Record<string, unknown>;
  return rest;
}

function filesBelow(directory: string): string[] {
  const passing = /-wal$|-shm$|journal|\.log$/;
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .filter((path) => !passing.test(path))
    .sort();
}
