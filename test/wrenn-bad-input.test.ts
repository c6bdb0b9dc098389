/** Bad credentials, ids and bodies on every operation of Wrenn's document: refused by the codes that its clients know, whatever part of the yard stands
 *  behind. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type AnyBody, askWrenn, type SignedUp, signUp, type WrennRequest } from "../src/apis/wrenn/testing.ts";
import { type OpenedYard, openTestYard } from "./support/yard-in-process.ts";
import { adminPassword } from "./support/yard-process.ts";

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly takes: ReadonlySet<string>;
  readonly hasJsonBody: boolean;
}

interface Documented {
  readonly security?: readonly Readonly<Record<string, unknown>>[];
  readonly requestBody?: { readonly content?: Readonly<Record<string, unknown>> };
}

let opened: OpenedYard;
let ada: SignedUp;
let ben: SignedUp;
let admin: string;
let operations: readonly Operation[];

before(async () => {
  opened = await openTestYard();
  ada = await signUp(opened.url, "ada");
  ben = await signUp(opened.url, "ben");
  admin = (await login("admin", adminPassword)).token;
  operations = await documentedOperations();
});
after(() => opened[Symbol.asyncDispose]());

async function login(email: string, password: string): Promise<AnyBody> {
  return (await askWrenn(opened.url, "POST", "/v1/auth/login", { body: { email, password } })).json;
}

async function documentedOperations(): Promise<Operation[]> {
  const response = await fetch(`${opened.url}/openapi/wrenn.json`);
  const { paths } = (await response.json()) as { paths: Record<string, Record<string, Documented>> };
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, { security = [], requestBody }]) => ({
      method: method.toUpperCase(),
      path,
      takes: new Set(security.flatMap(Object.keys)),
      hasJsonBody: requestBody?.content?.["application/json"] !== undefined,
    })),
  );
}

/** They answer to an upgrade alone. */
const isSocket = ({ path }: Operation) => /\/(?:stream|pty)$/.test(path) && !path.includes("/files/");
const guarded = () => operations.filter((operation) => operation.takes.size > 0 && !isSocket(operation));
const withId = () => guarded().filter(({ path }) => path.includes("{id}"));

/** An id of the kind that the path asks for, of the given digits. */
function idFor(path: string, digits: string): string {
  const [, kind = ""] = /^\/v1\/(\w[\w-]*)\//.exec(path) ?? [];
  const prefixes: Record<string, string> = {
    ...{ teams: "team-", capsules: "cl-", hosts: "host-", channels: "ch-", "api-keys": "key-" },
  };
  return `${prefixes[kind]}${digits}`;
}

function send({ method, path, hasJsonBody }: Operation, id: string, request: WrennRequest) {
  const filled = path.replace("{id}", id).replace(/\{\w+\}/g, `usr-${"1".repeat(25)}`);
  return askWrenn(opened.url, method, filled, { ...(hasJsonBody && { body: {} }), ...request });
}

/** As somebody who may. */
function asked({ takes }: Operation, who = ada): WrennRequest {
  if (takes.has("hostTokenAuth")) return { headers: { "x-host-token": "none" } };
  return takes.has("apiKeyAuth") ? { key: who.key } : { token: who.token };
}

test("every operation of the reference's document is here", () => {
  assert.ok(operations.length >= 56, String(operations.length));
  assert.ok(guarded().length >= 45, String(guarded().length));
});

test("without a credential, or with one that is none, every operation answers 401", async () => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const unsigned = `${part({ alg: "none", typ: "at+jwt" })}.${part({ sub: ada.userId, team_id: ada.teamId })}.`;
  const [header = "", , signature = ""] = ada.token.split(".");
  const credentials: WrennRequest[] = [
    {},
    { token: "nonsense" },
    { token: unsigned },
    { token: `${header}.${part({ sub: ada.userId, is_admin: true })}.${signature}` },
    { key: "wrn_00000000000000000000000000000000" },
    { key: "" },
    { headers: { "x-host-token": unsigned } },
    { headers: { authorization: "Basic YTpi" } },
  ];
  for (const operation of guarded())
    for (const credential of credentials) {
      const { status, json } = await send(operation, idFor(operation.path, "0".repeat(25)), credential);
      assert.deepEqual([status, json?.error.code], [401, "unauthorized"], `${operation.method} ${operation.path}`);
    }
});

test("an id of another form is 400, whatever is behind it", async () => {
  for (const operation of withId()) {
    if (operation.takes.has("hostTokenAuth")) continue;
    for (const id of [
      "nonsense",
      idFor(operation.path, "z".repeat(25)),
      idFor(operation.path, "0".repeat(24)),
      "%00",
    ]) {
      const credential = operation.path.includes("/hosts") ? { token: admin } : asked(operation);
      const { status, json } = await send(operation, id, credential);
      assert.deepEqual([status, json?.error.code], [400, "invalid_request"], `${operation.method} ${operation.path}`);
    }
  }
});

test("what is nobody's is 404, or removed already, and no team's but the own is spoken of", async () => {
  for (const operation of withId()) {
    if (operation.takes.has("hostTokenAuth") || operation.hasJsonBody) continue;
    const { status } = await send(operation, idFor(operation.path, "1".repeat(25)), asked(operation));
    const isIdempotent = operation.method === "DELETE" && /\/(?:api-keys|channels)\//.test(operation.path);
    const expected = operation.path.startsWith("/v1/teams/") ? 403 : isIdempotent ? 204 : 404;
    const isForm = /files\/(?:stream\/)?write/.test(operation.path);
    if (!isForm) assert.equal(status, expected, `${operation.method} ${operation.path}`);
  }
});

test("who holds no role of the yard looks at their own teams and does nothing else", async () => {
  const { users } = opened.yard.identity;
  await users.create({ username: "roleless", password: "right password" });
  const { token, team_id } = await login("roleless", "right password");
  const open = ["GET /v1/teams", "GET /v1/teams/{id}", "GET /v1/teams/{id}/members"];
  for (const operation of guarded()) {
    const name = `${operation.method} ${operation.path}`;
    if (operation.takes.has("hostTokenAuth")) continue;
    const id = operation.path.startsWith("/v1/teams") ? team_id : idFor(operation.path, "1".repeat(25));
    const { status } = await send(operation, id, { token });
    if (open.includes(name)) assert.equal(status, 200, name);
    else if (operation.path.startsWith("/v1/hosts"))
      assert.ok(status === 403 || status === 404 || status === 400, name);
    else assert.equal(status, 403, name);
  }
});

test("a body that is none is 400", async () => {
  for (const operation of operations.filter(({ hasJsonBody }) => hasJsonBody)) {
    if (operation.takes.has("hostTokenAuth")) continue;
    const name = `${operation.method} ${operation.path}`;
    const credential = operation.path.includes("/hosts")
      ? { token: admin }
      : operation.takes.size
        ? asked(operation)
        : {};
    for (const body of ["", "{", "[]", '"text"', '{"__proto__": {}}', `${"[".repeat(10_000)}`]) {
      const id = operation.path.startsWith("/v1/teams") ? ada.teamId : idFor(operation.path, "1".repeat(25));
      const { status, json } = await send(operation, id, { ...credential, body });
      // Whether there is such a capsule comes before what is wanted of it.
      const isOfNobody = operation.path.includes("/capsules/{id}/") && status === 404;
      assert.deepEqual(
        [status, json.error.code],
        isOfNobody ? [404, "not_found"] : [400, "invalid_request"],
        `${name}: ${body.slice(0, 20)}`,
      );
    }
  }
});

test("nothing of all this has changed what the teams have", async () => {
  for (const who of [ada, ben]) {
    const teams = await askWrenn<{ id: string; name: string }[]>(opened.url, "GET", "/v1/teams", { token: who.token });
    assert.deepEqual(
      teams.json.map(({ id }) => id),
      [who.teamId],
    );
    const keys = await askWrenn<unknown[]>(opened.url, "GET", "/v1/api-keys", { token: who.token });
    assert.equal(keys.json.length, 1);
    const capsules = await askWrenn<unknown[]>(opened.url, "GET", "/v1/capsules", { key: who.key });
    assert.deepEqual(capsules.json, []);
  }
});
