import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import { appMesh, logIn } from "../../../../test/support/appmesh.ts";
import { auditLog } from "../../../../test/support/audit-log.ts";
import { type OpenedYard, openTestYard } from "../../../../test/support/yard-in-process.ts";
import { adminPassword } from "../../../../test/support/yard-process.ts";
import { temporaryDirectory } from "../../../platform/testing/temporary-directory.ts";

const password = "correct horse";
const sdk = { "user-agent": "appmesh/javascript" };
let opened: OpenedYard;

before(async () => {
  opened = await openTestYard({ "lockout-tries": "100" });
  await opened.yard.identity.users.create({ username: "ada", password, roles: ["view"] });
  await opened.yard.identity.users.create({ username: "bare", password });
});
after(() => opened[Symbol.asyncDispose]());

const basic = (username: string, secret = password) =>
  `Basic ${Buffer.from(`${username}:${secret}`).toString("base64")}`;

function send(method: string, path: string, headers: Record<string, string> = {}, body?: unknown) {
  return appMesh(() => opened.url, undefined).request(method, path, { headers, body });
}

const login = (headers: Record<string, string> = {}, username = "ada") =>
  send("POST", "/login", { authorization: basic(username), ...headers });

interface CookieSession {
  readonly token: string;
  readonly csrf: string;
  /** Whole `Set-Cookie` lines in one, as the JavaScript SDK sends them back. */
  readonly glued: string;
  readonly headers: Record<string, string>;
}

async function cookieSession(username = "ada"): Promise<CookieSession> {
  return sessionIn(await login({ "x-set-cookie": "true" }, username));
}

function sessionIn(reply: { headers: Headers }): CookieSession {
  const lines = reply.headers.getSetCookie();
  assert.equal(lines.length, 2, String(lines));
  const cookie = (name: string) => lines.find((line) => line.startsWith(`${name}=`))?.slice(name.length + 1) ?? "";
  const token = cookie("appmesh_auth_token").split(";")[0] ?? "";
  const csrf = cookie("appmesh_csrf_token").split(";")[0] ?? "";
  const glued = lines.join("; ");
  return { token, csrf, glued, headers: { cookie: glued, "x-csrf-token": csrf } };
}

const status = async (reply: Promise<{ status: number }>) => (await reply).status;
const self = (headers: Record<string, string>) => status(send("GET", "/user/self", headers));

test("a login answers with a token under both of its lifetime's names, and no cache may keep it", async () => {
  const reply = await login({ "x-expire-seconds": "600" });
  const body = reply.json<Record<string, number>>();
  assert.equal(reply.headers.get("cache-control"), "no-store");
  assert.deepEqual([body.expire_seconds, body.expires_in, body.token_type], [600, 600, "Bearer"]);
  assert.ok(Math.abs(body.expire_time! - body.issued_at! - 600) <= 1);
});

for (const { what, headers, expected } of [
  { what: "without credentials", headers: { authorization: "" }, expected: 400 },
  { what: "with a token in place of a password", headers: { authorization: "Bearer x" }, expected: 400 },
  { what: "with a wrong password", headers: { authorization: basic("ada", "wrong") }, expected: 401 },
  { what: "of nobody", headers: { authorization: basic("nobody-here") }, expected: 401 },
  { what: "for an audience that is not listed", headers: { "x-audience": "elsewhere" }, expected: 400 },
  { what: "for a negative lifetime", headers: { "x-expire-seconds": "-1" }, expected: 400 },
  { what: "for a lifetime in words", headers: { "x-expire-seconds": "an hour" }, expected: 400 },
] as const) {
  test(`a login ${what} is refused with ${expected}, and sets no cookie`, async () => {
    const reply = await login({ "x-set-cookie": "true", ...headers });
    assert.equal(reply.status, expected, reply.text);
    assert.deepEqual(reply.headers.getSetCookie(), []);
  });
}

test("quirk defaultTokenSeconds: clients get seven days, others an hour", async () => {
  const secondsFor = async (headers: Record<string, string>) =>
    (await login(headers)).json<{ expire_seconds: number }>().expire_seconds;
  assert.deepEqual([await secondsFor(sdk), await secondsFor({})], [604_800, 3_600]);
});

test("a token for another audience is good for /auth with that audience alone", async () => {
  const { access_token: token } = (await login({ "x-audience": "your-service-api" })).json<{ access_token: string }>();
  const authorization = `Bearer ${token}`;
  assert.equal(await self({ authorization }), 401);
  assert.equal(await status(send("POST", "/auth", { authorization })), 401);
  const reply = await send("POST", "/auth", { authorization, "x-audience": "your-service-api" });
  assert.equal(reply.status, 200);
  assert.partialDeepStrictEqual(reply.json(), {
    ...{ access_token: token, success: true, user: "ada", audience: "your-service-api", permission: "" },
  });
});

test("/auth tells whether a permission is held", async () => {
  const { access_token: token } = (await login()).json<{ access_token: string }>();
  const ask = (permission: string) =>
    status(send("POST", "/auth", { authorization: `Bearer ${token}`, "x-permission": permission }));
  assert.deepEqual([await ask("app-view"), await ask("app-reg"), await ask("no-such")], [200, 403, 403]);
});

test("renewing ends the old token at once, and needs its permission", async () => {
  const { access_token: old } = (await login()).json<{ access_token: string }>();
  const renewed = await send("POST", "/token/renew", { authorization: `Bearer ${old}`, "x-expire-seconds": "60" });
  const { access_token: token, expire_seconds } = renewed.json<{ access_token: string; expire_seconds: number }>();
  assert.equal(expire_seconds, 60);
  assert.deepEqual([await self({ authorization: `Bearer ${old}` }), await self({ authorization: token })], [401, 200]);
  assert.deepEqual(renewed.headers.getSetCookie(), [], "no cookie came, so none goes");
  const bare = (await login({}, "bare")).json<{ access_token: string }>().access_token;
  assert.equal(await status(send("POST", "/token/renew", { authorization: `Bearer ${bare}` })), 400);
});

test("logging off ends the token at once; a second time there is nothing to end", async () => {
  const { access_token: token } = (await login()).json<{ access_token: string }>();
  const authorization = `Bearer ${token}`;
  assert.equal(await status(send("POST", "/self/logoff", { authorization })), 200);
  assert.equal(await status(send("POST", "/self/logoff", { authorization })), 401);
});

for (const { asked, given } of [
  ...["1", "t", "T", "true", "TRUE", "True"].map((asked) => ({ asked, given: true })),
  ...["0", "", "tRUE", "yes", "false"].map((asked) => ({ asked, given: false })),
]) {
  test(`X-Set-Cookie ${JSON.stringify(asked)} ${given ? "asks" : "does not ask"} for cookies`, async () => {
    const { headers } = await login({ "x-set-cookie": asked });
    assert.equal(headers.getSetCookie().length, given ? 2 : 0);
  });
}

test("both cookies are for this site alone and live as long as the token; scripts read only the one without it", async () => {
  const reply = await login({ "x-set-cookie": "1", "x-expire-seconds": "600" });
  const [auth, csrf] = reply.headers.getSetCookie().map((line) => line.split("; ").sort());
  const attributes = ["Max-Age=600", "Path=/", "SameSite=Strict"];
  assert.deepEqual(
    auth,
    [...attributes, "HttpOnly", `appmesh_auth_token=${reply.json<{ access_token: string }>().access_token}`].sort(),
  );
  assert.match(csrf?.pop() ?? "", /^appmesh_csrf_token=[0-9a-f]{64}$/);
  assert.deepEqual(csrf, attributes);
});

test("over TLS both cookies are Secure", async () => {
  const overTls = { authorization: basic("ada"), "x-set-cookie": "1", "x-forwarded-proto": "https" };
  await using proxied = await openTestYard({ "trusted-proxies": "127.0.0.1" });
  await proxied.yard.identity.users.create({ username: "ada", password });
  const reply = await appMesh(() => proxied.url, undefined).request("POST", "/login", { headers: overTls });
  assert.equal(reply.headers.getSetCookie().filter((line) => line.includes("; Secure")).length, 2);
});

test("cookies log in when the header repeats what belongs to them, also among the attributes that some clients send back", async () => {
  const { token, csrf, headers } = await cookieSession();
  assert.equal(await self(headers), 200);
  assert.equal(
    await self({ cookie: `a=b; appmesh_csrf_token=${csrf};  appmesh_auth_token=${token}`, "x-csrf-token": csrf }),
    200,
  );
  assert.equal(await status(send("GET", "/applications", { ...headers, authorization: "" })), 200);
});

test("without that header, or with another one, a request with cookies is refused: a GET too, whatever its body", async () => {
  const [own, other] = [await cookieSession(), await cookieSession("bare")];
  const cookie = own.glued;
  const forgeries: readonly Record<string, string>[] = [
    { cookie },
    { cookie, "x-csrf-token": "" },
    { cookie, "x-csrf-token": other.csrf },
    { cookie, "x-csrf-token": `${own.csrf}0` },
    { cookie: `appmesh_auth_token=${own.token}`, "x-csrf-token": own.csrf },
    {
      cookie: `appmesh_auth_token=${own.token}; appmesh_csrf_token=${other.csrf}`,
      "x-csrf-token": other.csrf,
    },
    { cookie: `appmesh_csrf_token=${own.csrf}`, "x-csrf-token": own.csrf },
    { cookie: `appmesh_auth_token=; appmesh_csrf_token=${own.csrf}`, "x-csrf-token": own.csrf },
  ];
  for (const headers of forgeries) {
    for (const [method, path] of [
      ["GET", "/user/self"],
      ["POST", "/auth"],
      ["POST", "/self/logoff"],
      ["PUT", "/user/eve"],
    ] as const) {
      const body = method === "PUT" ? { key: "from another site" } : undefined;
      const reply = await send(method, path, { ...headers, "content-type": "text/plain" }, body);
      assert.equal(reply.status, 401, `${method} ${path} ${JSON.stringify(headers)}: ${reply.text}`);
      assert.equal(typeof reply.json<{ message: string }>().message, "string");
    }
  }
  assert.equal(await self(own.headers), 200, "and the session still stands");
});

test("a token in the header goes before the cookies, which then need nothing", async () => {
  const { glued } = await cookieSession("bare");
  const { access_token: token } = (await login()).json<{ access_token: string }>();
  const reply = await send("GET", "/user/self", { cookie: glued, authorization: `Bearer ${token}` });
  assert.equal(reply.json<{ name: string }>().name, "ada");
  assert.equal(await self({ ...(await cookieSession()).headers, authorization: "Bearer x" }), 401);
});

test("renewing with cookies sets new ones and ends the old session; logging off clears both", async () => {
  const old = await cookieSession();
  const renewed = sessionIn(await send("POST", "/token/renew", old.headers));
  assert.notEqual(renewed.token, old.token);
  assert.deepEqual([await self(old.headers), await self(renewed.headers)], [401, 200]);
  const off = await send("POST", "/self/logoff", renewed.headers);
  assert.equal(off.status, 200);
  const lines = off.headers.getSetCookie();
  assert.deepEqual(lines.map((line) => line.split(";")[0]).sort(), ["appmesh_auth_token=", "appmesh_csrf_token="]);
  for (const line of lines) assert.match(line, /; Max-Age=0; Path=\/;/);
  assert.equal(await self(renewed.headers), 401, "a replay of cleared cookies opens nothing");
});

test("/auth turns a token into a cookie session where it is asked to; an API key it refuses", async () => {
  const { access_token: token } = (await login()).json<{ access_token: string }>();
  const authorization = `Bearer ${token}`;
  assert.deepEqual((await send("POST", "/auth", { authorization })).headers.getSetCookie(), []);
  const session = sessionIn(await send("POST", "/auth", { authorization, "x-set-cookie": "true" }));
  assert.equal(session.token, token);
  assert.equal(await self(session.headers), 200);
  const { id } = await opened.yard.identity.users.get("ada");
  const { key } = await opened.yard.identity.apiKeys.create({ userId: id, name: "robot" });
  const refused = await send("POST", "/auth", { authorization: `Bearer ${key}`, "x-set-cookie": "true" });
  assert.deepEqual([refused.status, refused.headers.getSetCookie()], [412, []]);
  assert.equal(await status(send("POST", "/token/renew", { authorization: `Bearer ${key}` })), 412);
  assert.equal(await status(send("POST", "/self/logoff", { authorization: `Bearer ${key}` })), 412);
});

test("no other reply sets a cookie, and a page of another origin is never allowed to send them", async () => {
  const { headers } = await cookieSession();
  for (const path of ["/user/self", "/applications", "/users", "/no-such"]) {
    const reply = await send("GET", path, { ...headers, origin: "https://evil.example", "x-set-cookie": "true" });
    assert.deepEqual(reply.headers.getSetCookie(), [], path);
    assert.equal(reply.headers.get("access-control-allow-credentials"), null);
  }
});

test("cookies outlive a new start of the server, as their tokens do", async () => {
  using data = temporaryDirectory();
  let session: CookieSession | undefined;
  for (const turn of ["first", "second"]) {
    await using yard = await openTestYard({ data: data.path });
    const client = appMesh(() => yard.url, undefined);
    const headers = { authorization: basic("admin", adminPassword), "x-set-cookie": "1" };
    session ??= sessionIn(await client.request("POST", "/login", { headers }));
    assert.equal(await status(client.request("GET", "/user/self", { headers: session.headers })), 200, turn);
  }
});

test("the audit log tells when a session began, was renewed, and ended", async () => {
  const client = await logIn(opened.url, "bare", password);
  await opened.yard.identity.users.update("bare", { roles: ["view"] });
  const { access_token: token } = (await client.expect("POST", "/token/renew")).json<{ access_token: string }>();
  await appMesh(() => opened.url, token).expect("POST", "/self/logoff");
  const actions = auditLog(opened.data).filter((entry) => entry.actor === "bare" && entry.outcome === "done");
  assert.deepEqual(
    actions.slice(-3).map((entry) => entry.action),
    ["session.start", "session.renew", "session.end"],
  );
});
