import assert from "node:assert/strict";
import test, { after, before, beforeEach } from "node:test";
import * as OTPAuth from "otpauth";
import { type AppMesh, appMesh, logIn } from "../../../../test/support/appmesh.ts";
import { auditLog } from "../../../../test/support/audit-log.ts";
import { type OpenedYard, openTestYard } from "../../../../test/support/yard-in-process.ts";
import { adminPassword } from "../../../../test/support/yard-process.ts";

const password = "correct horse";
const wrongCode = "12345x";
let opened: OpenedYard;
let anyone: AppMesh;
let ada: AppMesh;
let count = 0;
let name: string;

before(async () => {
  opened = await openTestYard();
  anyone = appMesh(() => opened.url, undefined);
  await opened.yard.identity.users.create({ username: "bare", password });
});
after(() => opened[Symbol.asyncDispose]());
beforeEach(async () => {
  name = `ada${++count}`;
  await opened.yard.identity.users.create({ username: name, password, roles: ["view", "usermgr"] });
  ada = await logIn(opened.url, name, password);
});

const basic = () => ({ authorization: `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}` });

/** The authenticator app of whoever asks for a secret. */
async function newDevice(client: AppMesh): Promise<{ code: (offsetSteps?: number) => string }> {
  const { mfa_uri } = (await client.expect("POST", "/totp/secret")).json<{ mfa_uri: string }>();
  const uri = Buffer.from(mfa_uri, "base64").toString();
  assert.match(uri, new RegExp(`^otpauth://totp/${name}\\?secret=[A-Z2-7]{32}&issuer=AppMesh$`));
  const parsed = OTPAuth.URI.parse(uri);
  assert.ok(parsed instanceof OTPAuth.TOTP);
  return { code: (offsetSteps = 0) => parsed.generate({ timestamp: Date.now() + offsetSteps * 30_000 }) };
}

const setUp = (client: AppMesh, code: string, headers: Record<string, string> = {}) =>
  client.request("POST", "/totp/setup", { headers: { "x-totp-code": code, ...headers } });

interface Challenge {
  readonly totp_challenge: string;
}

async function challenge(headers: Record<string, string> = {}): Promise<string> {
  const reply = await anyone.request("POST", "/login", { headers: { ...basic(), ...headers } });
  assert.equal(reply.status, 428, reply.text);
  return reply.json<Challenge>().totp_challenge;
}

const validate = (totp_challenge: string, totp_code: string, more: object = {}, headers: Record<string, string> = {}) =>
  anyone.request("POST", "/totp/validate", { headers, body: { user_name: name, totp_challenge, totp_code, ...more } });

test("set-up, login, challenge and its answer work one after the other with the code of one and the same moment", async () => {
  const device = await newDevice(ada);
  const code = device.code();
  const renewed = await setUp(ada, code, { "x-expire-seconds": "600" });
  assert.equal(renewed.status, 200, renewed.text);
  assert.equal(renewed.json<{ expire_seconds: number }>().expire_seconds, 600);
  assert.equal((await ada.request("GET", "/user/self")).status, 401, "the token that was used has ended");

  const asked = await anyone.request("POST", "/login", { headers: { ...basic(), "x-set-cookie": "true" } });
  const body = asked.json<Record<string, unknown>>();
  assert.deepEqual([asked.status, asked.headers.getSetCookie()], [428, []]);
  assert.match(asked.headers.get("www-authenticate") ?? "", /^TOTP realm=/);
  assert.partialDeepStrictEqual(body, { status: "TOTP_CHALLENGE_REQUIRED", digits: 6 });
  assert.ok(Math.abs(Number(body.expires) - Date.now() / 1_000 - 180) < 10);

  const done = await validate(String(body.totp_challenge), code);
  assert.equal(done.status, 200, done.text);
  const { access_token: token } = done.json<{ access_token: string }>();
  const self = await appMesh(() => opened.url, token).expect("GET", "/user/self");
  assert.equal(self.json<{ mfa_enabled: boolean }>().mfa_enabled, true);
  assert.equal((await validate(await challenge(), code)).status, 401, "the code has logged in once");
});

test("a code in the login itself is taken too, and a challenge opens nothing", async () => {
  const device = await newDevice(ada);
  await setUp(ada, device.code());
  const login = (code: string) =>
    anyone.request("POST", "/login", { headers: { ...basic(), "x-totp-code": code, "x-set-cookie": "1" } });
  assert.equal((await login(wrongCode)).status, 401);
  assert.equal((await appMesh(() => opened.url, await challenge()).request("GET", "/user/self")).status, 401);
  const reply = await login(device.code());
  assert.deepEqual([reply.status, reply.headers.getSetCookie().length], [200, 2]);
});

test("the answer to a challenge brings cookies only where it asks for them, and the login's lifetime unless it asks for another", async () => {
  const device = await newDevice(ada);
  await setUp(ada, device.code());
  const first = await validate(await challenge({ "x-expire-seconds": "600" }), device.code());
  assert.deepEqual([first.json<{ expire_seconds: number }>().expire_seconds, first.headers.getSetCookie()], [600, []]);
  const second = await validate(
    await challenge({ "x-expire-seconds": "600" }),
    device.code(1),
    { expire_seconds: 300 },
    { "x-set-cookie": "true" },
  );
  assert.equal(second.json<{ expire_seconds: number }>().expire_seconds, 300);
  assert.equal(second.headers.getSetCookie().length, 2);
});

test("set-up with cookies sets new ones", async () => {
  const login = await anyone.request("POST", "/login", { headers: { ...basic(), "x-set-cookie": "true" } });
  const cookie = login.headers.getSetCookie().join("; ");
  const csrf = /appmesh_csrf_token=(\w+)/.exec(cookie)?.[1] ?? "";
  const device = await newDevice(ada);
  const reply = await setUp(anyone, device.code(), { cookie, "x-csrf-token": csrf });
  assert.deepEqual([reply.status, reply.headers.getSetCookie().length], [200, 2]);
});

test("set-up is refused without a secret, without a code, with a wrong one, and with an API key; then TOTP stays off", async () => {
  assert.equal((await setUp(ada, "123456")).status, 400, "there is no secret yet");
  const device = await newDevice(ada);
  assert.equal((await ada.request("POST", "/totp/setup")).status, 400);
  assert.equal((await setUp(ada, "")).status, 400);
  assert.equal((await setUp(ada, wrongCode)).status, 401);
  assert.equal((await setUp(ada, device.code(), { "x-expire-seconds": "-1" })).status, 400);
  const { id } = await opened.yard.identity.users.get(name);
  const { key } = await opened.yard.identity.apiKeys.create({ userId: id, name: "robot" });
  assert.equal(
    (
      await setUp(
        appMesh(() => opened.url, key),
        device.code(),
      )
    ).status,
    412,
  );
  assert.equal((await ada.expect("GET", "/user/self")).json<{ mfa_enabled: boolean }>().mfa_enabled, false);
  await logIn(opened.url, name, password);
});

test("an answer to a challenge is refused when anything in it is wrong", async () => {
  const device = await newDevice(ada);
  await setUp(ada, device.code());
  const asked = await challenge();
  const outcomes = {
    "an empty code": (await validate(asked, "")).status,
    "a negative lifetime": (await validate(asked, device.code(), { expire_seconds: -1 })).status,
    "no challenge": (await anyone.request("POST", "/totp/validate", { body: { user_name: name, totp_code: "1" } }))
      .status,
    "a made-up challenge": (await validate("made up", device.code())).status,
    "nobody's name": (await validate(asked, device.code(), { user_name: "nobody" })).status,
    "the name of somebody without TOTP": (await validate(asked, device.code(), { user_name: "bare" })).status,
    "a wrong code": (await validate(asked, wrongCode)).status,
  };
  assert.deepEqual(outcomes, {
    ...{ "an empty code": 400, "a negative lifetime": 400, "no challenge": 400, "a made-up challenge": 401 },
    ...{ "nobody's name": 401, "the name of somebody without TOTP": 401, "a wrong code": 401 },
  });
  assert.equal((await validate(asked, device.code())).status, 200);
});

test("one's own TOTP goes with the permission, another's only as an administrator", async () => {
  const device = await newDevice(ada);
  const { access_token: token } = (await setUp(ada, device.code())).json<{ access_token: string }>();
  const renewed = appMesh(() => opened.url, token);
  const admin = await logIn(opened.url, "admin", adminPassword);
  await opened.yard.identity.users.create({ username: `mate${count}`, password, roles: ["usermgr"] });
  const mate = await logIn(opened.url, `mate${count}`, password);
  const bare = await logIn(opened.url, "bare", password);
  assert.equal((await mate.request("POST", `/totp/${name}/disable`)).status, 400);
  assert.equal((await bare.request("POST", "/totp/self/disable")).status, 400);
  assert.equal((await anyone.request("POST", `/totp/${name}/disable`)).status, 401);
  assert.equal((await admin.request("POST", "/totp/nobody/disable")).status, 404);
  await challenge();
  await renewed.expect("POST", "/totp/self/disable");
  await logIn(opened.url, name, password);
  await setUp(renewed, (await newDevice(renewed)).code());
  await admin.expect("POST", `/totp/${name}/disable`);
  await logIn(opened.url, name, password);
  const denied = auditLog(opened.data).filter((entry) => entry.actor === `mate${count}` && entry.outcome === "denied");
  assert.deepEqual(
    denied.map(({ action, target }) => [action, target]),
    [["totp.disable", name]],
  );
});

test("who may not use TOTP gets no secret", async () => {
  const bare = await logIn(opened.url, "bare", password);
  assert.equal((await bare.request("POST", "/totp/secret")).status, 400);
  assert.equal((await setUp(bare, "123456")).status, 400);
  assert.equal((await anyone.request("POST", "/totp/secret")).status, 401);
  assert.equal((await setUp(anyone, "123456")).status, 401);
});
