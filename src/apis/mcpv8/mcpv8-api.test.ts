import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import { auditLog } from "../../../test/support/audit-log.ts";
import { type OpenedYard, openTestYard } from "../../../test/support/yard-in-process.ts";
import { assertRoutesDocumented } from "../../platform/http/testing.ts";
import { until } from "../../platform/testing/until.ts";

const password = "correct horse";
const json = { "content-type": "application/json" };
let opened: OpenedYard;
/** Each logged in. */
const tokens = new Map<string, string>();

before(async () => {
  opened = await openTestYard({ "scripts.engines": "1" });
  const { users, sessions } = opened.yard.identity;
  for (const [username, ...roles] of [
    ["ada", "shell", "view"],
    ["bob", "shell", "view"],
    ["viewer", "view"],
    ["bare"],
  ] as const) {
    await users.create({ username, password, roles });
    const login = await sessions.login({ username, password }, { api: "test" });
    assert.ok(login.kind === "session");
    tokens.set(username, login.issued.token);
  }
});
after(() => opened[Symbol.asyncDispose]());

interface Info {
  readonly execution_id: string;
  readonly status: string;
  readonly started_at: string;
  readonly completed_at: string;
  readonly result: string;
  readonly heap: string;
  readonly error: string;
}

/** What the replies hold that are asked for here, each some of it. */
interface Body extends Info {
  readonly executions: readonly Info[];
  readonly data: string;
  readonly start_line: number;
  readonly end_line: number;
  readonly end_byte: number;
  readonly has_more: boolean;
  readonly version: string;
  readonly assets: readonly { readonly platform: string; readonly url: string; readonly available: boolean }[];
  readonly paths: object;
}

interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: Body;
}

interface Options {
  readonly as?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer | FormData | object;
}

/** A string, bytes or a form go as they are, anything else as JSON. */
async function ask(method: string, path: string, { as, headers = {}, body }: Options = {}): Promise<Reply> {
  const isRaw = typeof body === "string" || Buffer.isBuffer(body) || body instanceof FormData || body === undefined;
  const authorization = as === undefined ? {} : { authorization: `Bearer ${tokens.get(as) ?? as}` };
  const response = await fetch(opened.url + path, {
    method,
    headers: { ...authorization, ...(isRaw ? {} : json), ...headers },
    body: Buffer.isBuffer(body) ? new Uint8Array(body) : isRaw ? body : JSON.stringify(body),
  });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.includes("json") && text !== "";
  return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : undefined };
}

async function exec(body: NonNullable<Options["body"]>, options: Omit<Options, "body"> = {}): Promise<string> {
  const accepted = await ask("POST", "/api/exec", { ...options, body });
  assert.equal(accepted.status, 202, accepted.text);
  return accepted.json.execution_id;
}

const ended = (id: string, as?: string) =>
  until(async () => {
    const { json } = await ask("GET", `/api/executions/${id}`, { as });
    return json.status === "running" ? undefined : json;
  });

const endless = { code: "for (;;) {}" };

test("documents every route, also where mcp-v8's clients look", async () => {
  await assertRoutesDocumented(opened.yard.http);
  const { json } = await ask("GET", "/api-doc/openapi.json");
  assert.ok("/api/exec" in json.paths);
});

test("runs a script, and shows its status, result and output", async () => {
  const id = await exec({
    code: "console.log('hé'); console.log({ a: 1 }); ({ n: 1, f() {} })",
    heap: null,
    tags: null,
  });
  const { started_at, completed_at, heap, ...rest } = await ended(id);
  for (const time of [started_at, completed_at]) assert.match(time, /^\d{4}-\d\d-\d\dT[\d:.]+\+00:00$/);
  assert.match(heap, /^[0-9a-f]{64}$/);
  assert.deepEqual(rest, {
    ...{ execution_id: id, status: "completed", result: '{"n":1}', result_lost: ["$.f: a function"] },
    ...{ fs: null, error: null },
  });
  const { json: list } = await ask("GET", "/api/executions");
  assert.deepEqual(list.executions[0], { execution_id: id, status: "completed", started_at, completed_at });
  assert.deepEqual((await ask("GET", `/api/executions/${id}/output`)).json, {
    ...{ execution_id: id, data: "hé\n{ a: 1 }", start_line: 0, end_line: 2, next_line_offset: 2, total_lines: 2 },
    ...{ start_byte: 0, end_byte: 13, next_byte_offset: 13, total_bytes: 13, has_more: false, status: "completed" },
  });
  const { json: bytes } = await ask("GET", `/api/executions/${id}/output?byte_offset=0&byte_limit=2&line_offset=9`);
  assert.deepEqual([bytes.data, bytes.end_byte, bytes.has_more], ["h", 1, true]);
  const { json: line } = await ask("GET", `/api/executions/${id}/output?line_offset=1&line_limit=1`);
  assert.deepEqual([line.data, line.start_line, line.end_line, line.has_more], ["{ a: 1 }", 1, 2, false]);
});

test("whoever prefers to wait is answered at the execution's end, or when the wait is over", async () => {
  const get = (id: string, prefer: string) => ask("GET", `/api/executions/${id}`, { headers: { prefer } });
  const waited = await get(await exec({ code: "await new Promise((done) => setTimeout(done, 300)); 7" }), "wait=60");
  assert.deepEqual([waited.json.status, waited.json.result], ["completed", "7"]);
  assert.equal(waited.headers.get("preference-applied"), "wait=60");
  const id = await exec(endless);
  assert.equal((await get(id, "wait=0")).json.status, "running");
  assert.equal((await get(id, "wait=1")).json.status, "running");
  await ask("POST", `/api/executions/${id}/cancel`);
});

test("a script without a final value has an empty result, one that cannot be parsed has failed", async () => {
  const [empty, wrong] = [await ended(await exec({ code: "" })), await ended(await exec({ code: "let = = 1" }))];
  assert.deepEqual([empty.status, empty.result], ["completed", ""]);
  assert.deepEqual([wrong.status, wrong.result, wrong.heap], ["failed", null, null]);
  assert.match(wrong.error, /^SyntaxError/);
});

test("the Content-Type says whether the body is the script, or an object with it", async () => {
  for (const type of ["text/plain", "application/javascript", "application/x-www-form-urlencoded", "ill-formed"]) {
    const id = await exec("21 * 2", { headers: { "content-type": type } });
    assert.equal((await ended(id)).result, "42", type);
  }
  for (const type of ["application/json; charset=utf-8", "text/JSON", "application/vnd.x+json"]) {
    const id = await exec('{"code": "6 * 7"}', { headers: { "content-type": type } });
    assert.equal((await ended(id)).result, "42", type);
  }
  const untyped = await opened.yard.http.fastify.inject({
    ...{ method: "POST", url: "/api/exec", payload: Buffer.from('{"code":"1"}') },
    headers: { host: "127.0.0.1" },
  });
  assert.equal(untyped.statusCode, 202, untyped.body);
});

test("a raw script takes its fields from the query, an object does not", async () => {
  const source = "globalThis.n = (globalThis.n ?? 0) + 1; n";
  const raw = { headers: { "content-type": "text/plain" } };
  const send = async (path: string, options: Options) => ended((await ask("POST", path, options)).json.execution_id);
  const first = await send("/api/exec?session=raw&execution_timeout_secs=5", { ...raw, body: source });
  assert.equal((await send("/api/exec?session=raw", { ...raw, body: source })).result, "2");
  assert.equal((await send(`/api/exec?heap=${first.heap}`, { ...raw, body: source })).result, "2");
  assert.equal((await send(`/api/exec?heap=${first.heap}`, { body: { code: source, heap: "" } })).result, "1");
  assert.equal((await send("/api/exec", { body: { code: source, heap: first.heap } })).result, "2");
});

test("limits that are out of range are brought into it", async () => {
  const id = await exec({ code: "1", heap_memory_max_mb: 1e12, execution_timeout_secs: 0 });
  assert.equal((await ended(id)).status, "completed");
});

for (const [what, options, status, error] of [
  ["no body", {}, 400, /^invalid JSON body: /],
  ["malformed JSON", { body: "{", headers: json }, 400, /^invalid JSON body: /],
  ["no code", { body: { heap: "x" } }, 400, /^invalid JSON body: missing field `code`/],
  ["code of the wrong type", { body: { code: 5 } }, 400, /^invalid JSON body: code: must be a string/],
  ["no object", { body: ["code"] }, 400, /^invalid JSON body: /],
  ["a fraction", { body: { code: "", heap_memory_max_mb: 8.5 } }, 400, /heap_memory_max_mb: must be an integer/],
  ["a text for a number", { body: { code: "", execution_timeout_secs: "5" } }, 400, /execution_timeout_secs/],
  ["a negative number", { body: { code: "", execution_timeout_secs: -1 } }, 400, /execution_timeout_secs/],
  ["tags that are no texts", { body: { code: "", tags: { a: 1 } } }, 400, /tags\.a: must be a string/],
  ["a NUL in a tag", { body: { code: "", tags: { a: "\0" } } }, 400, /^tags: /],
  ["a NUL in a session", { body: { code: "", session: "\0" } }, 400, /^session: /],
  ["JSON that is no UTF-8", { body: Buffer.from('{"code":"\xff"}', "latin1"), headers: json }, 400, /not valid UTF-8/],
  [
    "a script that is no UTF-8",
    { body: Buffer.from([0xff]), headers: { "content-type": "text/plain" } },
    400,
    /not valid UTF-8/,
  ],
  ["deep nesting", { body: `{"code":${"[".repeat(100_000)}`, headers: json }, 400, /^invalid JSON body: /],
  [
    "17 MiB",
    { body: Buffer.alloc(17 * 1024 ** 2, "a"), headers: { "content-type": "text/plain" } },
    400,
    /^failed to read request body/,
  ],
  ["a form", { body: new FormData() }, 415, /multipart/],
] as const satisfies readonly (readonly [string, Options, number, RegExp])[])
  test(`refuses ${what}, and keeps nothing of it`, async () => {
    const before = (await ask("GET", "/api/executions")).text;
    const refused = await ask("POST", "/api/exec", options);
    assert.equal(refused.status, status, refused.text);
    assert.match(refused.json.error, error);
    assert.equal((await ask("GET", "/api/executions")).text, before);
  });

test("refuses a malformed query, also beside an object", async () => {
  for (const query of ["execution_timeout_secs=x", "heap_memory_max_mb=-1", "heap_memory_max_mb=1.5"])
    assert.equal((await ask("POST", `/api/exec?${query}`, { body: { code: "" } })).status, 400, query);
  const id = await exec({ code: "" });
  for (const query of ["line_offset=-1", "byte_limit=x", "line_limit=1.5"])
    assert.equal((await ask("GET", `/api/executions/${id}/output?${query}`)).status, 400, query);
});

test("takes a source of 16 MiB", async () => {
  const source = `/*${"x".repeat(16 * 1024 ** 2 - 10)}*/ 7`;
  const id = await exec(source, { headers: { "content-type": "text/plain" } });
  const { status, error } = await ended(id);
  assert.ok(status === "completed" || /memory/.test(error), `${status}: ${error}`);
});

test("unknown executions are 404, and cannot be cancelled", async () => {
  for (const id of ["4f6ff2a4-4a4c-4a4c-8a4c-4f6ff2a44a4c", "nope", "%00", "..%2F..%2Fetc"]) {
    for (const path of [`/api/executions/${id}`, `/api/executions/${id}/output`]) {
      const { status, json } = await ask("GET", path);
      assert.deepEqual([status, json.error], [404, `Execution '${decodeURIComponent(id)}' not found`]);
    }
    const { status, json } = await ask("POST", `/api/executions/${id}/cancel`);
    assert.deepEqual([status, json], [400, { ok: false, error: `Execution '${decodeURIComponent(id)}' not found` }]);
  }
});

test("cancelling is final and prompt in every state, whatever body comes with it", async () => {
  const [busy, sleeping, waiting] = [
    await exec(endless),
    await exec({ code: "await new Promise((r) => setTimeout(r, 1e6))" }),
    await exec({ code: "console.log('never')" }),
  ];
  for (const id of [waiting, sleeping, busy]) {
    const startedAt = performance.now();
    const { status, json } = await ask("POST", `/api/executions/${id}/cancel`, {
      body: "{",
      headers: { "content-type": "x" },
    });
    assert.deepEqual([status, json], [200, { ok: true }]);
    assert.ok(performance.now() - startedAt < 2_000);
    const { json: info } = await ask("GET", `/api/executions/${id}`);
    assert.deepEqual([info.status, info.error, info.heap], ["cancelled", "Cancelled by user", null]);
    const again = await ask("POST", `/api/executions/${id}/cancel`);
    assert.deepEqual(
      [again.status, again.json],
      [400, { ok: false, error: `Execution '${id}' is not running (status: cancelled)` }],
    );
  }
  assert.equal((await ended(await exec({ code: "1" }))).status, "completed");
});

test("what is one's own does not exist for others, with or without a token", async () => {
  const secret = { code: "globalThis.secret = 42; console.log(secret)", session: "mine", tags: { a: "b" } };
  const owned = new Map<string | undefined, { id: string; heap: string }>();
  for (const as of ["ada", "bob", undefined]) {
    const id = await exec(secret, { as });
    owned.set(as, { id, heap: (await ended(id, as)).heap });
  }
  for (const [owner, { id, heap }] of owned) {
    for (const as of [...owned.keys()].filter((each) => each !== owner)) {
      for (const path of [`/api/executions/${id}`, `/api/executions/${id}/output`])
        assert.equal((await ask("GET", path, { as })).status, 404);
      assert.equal((await ask("POST", `/api/executions/${id}/cancel`, { as })).status, 400);
      const { json } = await ask("GET", "/api/executions", { as });
      assert.ok(json.executions.every((each) => each.execution_id !== id));
      const stolen = await ended(await exec({ code: "typeof secret", heap }, { as }), as);
      assert.equal(stolen.result, heap === owned.get(as)?.heap ? '"number"' : '"undefined"');
    }
  }
});

test("a token is believed or refused, never ignored", async () => {
  for (const authorization of ["Bearer forged", "Basic YTpi", "Bearer", "nonsense"]) {
    const refused = await ask("GET", "/api/executions", { headers: { authorization } });
    assert.deepEqual([refused.status, refused.headers.get("www-authenticate")], [401, "Bearer"], authorization);
  }
});

test("permissions are asked for", async () => {
  assert.equal((await ask("GET", "/api/executions", { as: "viewer" })).status, 200);
  assert.equal((await ask("POST", "/api/exec", { as: "viewer", body: { code: "" } })).status, 403);
  assert.equal((await ask("POST", "/api/fs/push", { as: "viewer", body: {} })).status, 403);
  for (const path of ["/api/executions", "/api/fs/labels"]) {
    const refused = await ask("GET", path, { as: "bare" });
    assert.equal(refused.status, 403);
    assert.match(refused.json.error, /User bare lacks the permission/);
  }
  await until(() =>
    auditLog(opened.data).some(({ action, actor }) => action === "permission.denied" && actor === "bare"),
  );
});

test("without a token only programs on this machine are served, and no page from elsewhere", async () => {
  const from = async (headers: Record<string, string>, remoteAddress = "127.0.0.1") => {
    const inject = { method: "POST", url: "/api/exec", payload: { code: "1" }, remoteAddress } as const;
    return (await opened.yard.http.fastify.inject({ ...inject, headers: { host: "localhost:7700", ...headers } }))
      .statusCode;
  };
  assert.equal(await from({}), 202);
  assert.equal(await from({}, "::1"), 202);
  assert.equal(await from({ origin: "http://localhost:3000" }), 202);
  assert.equal(await from({ host: "evil.example" }), 403);
  assert.equal(await from({ host: "127.0.0.1.evil.example:7700" }), 403);
  assert.equal(await from({ origin: "https://evil.example" }), 403);
  assert.equal(await from({ origin: "null" }), 403);
  assert.equal(await from({}, "10.0.0.7"), 401);
  assert.equal(await from({ "x-forwarded-for": "10.0.0.7" }), 401);
  assert.equal(await from({ authorization: `Bearer ${tokens.get("ada")}` }, "10.0.0.7"), 202);
});

test("a yard may ask everybody for a token", async () => {
  await using closed = await openTestYard({ "scripts.open": "false" });
  const response = await fetch(`${closed.url}/api/executions`);
  assert.equal(response.status, 401);
  assert.match(await response.text(), /A token is needed/);
  assert.equal((await fetch(`${closed.url}/api/version`)).status, 200);
});

test("what changes something leaves an entry in the audit log", async () => {
  const id = await exec(endless, { as: "ada" });
  await ask("POST", `/api/executions/${id}/cancel`, { as: "ada" });
  const actions = () =>
    auditLog(opened.data)
      .filter(({ target, actor }) => target === id && actor === "ada")
      .map(({ action }) => action)
      .sort();
  await until(() => actions().length === 2);
  assert.deepEqual(actions(), ["script.cancel", "script.run"]);
});

test("tells its version, its guide, and which programs it has to download: none", async () => {
  const { version } = (await ask("GET", "/api/version")).json;
  assert.match(version, /^\d+\.\d+/);
  const { json: index } = await ask("GET", "/api/cli");
  assert.equal(index.version, version);
  assert.deepEqual(
    index.assets.map(({ platform, url, available }) => [platform, url, available]),
    ["linux-x86_64", "linux-aarch64", "macos-aarch64"].map((name) => [name, `${opened.url}/api/cli/${name}`, false]),
  );
  for (const [platform, text] of [
    ["linux-x86_64", /not embedded/],
    ["plan9", /linux-aarch64/],
  ] as const) {
    const { status, json } = await ask("GET", `/api/cli/${platform}`);
    assert.equal(status, 404);
    assert.match(json.error, text);
  }
  const guide = await ask("GET", "/llms.txt");
  assert.equal(guide.headers.get("content-type"), "text/markdown; charset=utf-8");
  assert.match(guide.text, /POST \/api\/exec/);
});

test("unknown paths below /api are 404 in this API's shape", async () => {
  const { status, json } = await ask("GET", "/api/nothing?x=1");
  assert.deepEqual([status, json], [404, { error: "There is no GET /api/nothing." }]);
});
