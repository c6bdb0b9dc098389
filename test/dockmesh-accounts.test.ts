/** Dockmesh's logins over HTTP: the two steps, refresh families, lockout, the policy, sessions and the second step itself. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as OTPAuth from "otpauth";
import { auditLog } from "./support/audit-log.ts";
import { type AnyBody, askDockmesh, type Caller, useDockmeshYard } from "./support/dockmesh.ts";
import { adminPassword } from "./support/yard-process.ts";

interface Login {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly user: { readonly id: string; readonly role: string; readonly [name: string]: unknown };
  readonly mfa_required?: boolean;
  readonly mfa_token?: string;
}

describe("Dockmesh's logins", () => {
  const yard = useDockmeshYard();
  const post = <Body = AnyBody>(path: string, body?: unknown, token?: string) =>
    askDockmesh<Body>(yard.url, "POST", path, { body, token });
  const tryLogin = (username: string, password: string) => post<Login>("/auth/login", { username, password });

  async function logIn({ username, password }: Pick<Caller, "username" | "password">): Promise<Login> {
    const reply = await tryLogin(username, password);
    assert.equal(reply.status, 200, reply.text);
    return reply.json;
  }
  const statusOf = async (token: string) => (await askDockmesh(yard.url, "GET", "/me", { token })).status;
  const refresh = (refreshToken: string) => post<Login>("/auth/refresh", { refresh_token: refreshToken });

  test("a login gives a JWT of 15 minutes that says whose it is, a refresh token, and the user", async () => {
    const reply = await tryLogin("admin", adminPassword);
    assert.equal(reply.headers.get("cache-control"), "no-store");
    assert.ok(reply.headers.get("x-request-id"));
    const { access_token: token, refresh_token: refreshToken, user, ...rest } = reply.json;
    assert.deepEqual(rest, {});
    assert.deepEqual(user, { id: yard.admin.userId, username: "admin", role: "admin", mfa_enabled: false });
    const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
    assert.equal(claims.sub, user.id);
    assert.equal(claims.role, "admin");
    assert.ok(Math.abs(claims.exp - claims.iat - 900) <= 1);
    assert.ok(refreshToken.length > 20 && refreshToken !== token);
    assert.equal(await statusOf(token), 200);
  });

  test("a held user's token and reply name the scope", async () => {
    const held = await yard.makeUser("operator", ["prod", "eu"]);
    const { access_token: token, user } = await logIn(held);
    assert.deepEqual(user.scope_tags, ["eu", "prod"]);
    const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
    assert.deepEqual([claims.role, claims.scope_tags], ["operator", ["eu", "prod"]]);
  });

  test("what lacks a field, or is no JSON, is 400; whoever is unknown or wrong gets one and the same 401", async () => {
    const { username } = await yard.makeUser("viewer");
    for (const body of [{}, { username }, { password: "x" }, { username: "", password: "x" }, undefined, "{", "[]"]) {
      const reply = await post("/auth/login", body);
      assert.equal(reply.status, 400, JSON.stringify(body));
      assert.equal(typeof reply.json.error, "string");
    }
    const wrong = await tryLogin(username, "not this one");
    const unknown = await tryLogin("nobody-at-all", "not this one");
    assert.deepEqual([wrong.status, wrong.text], [401, unknown.text]);
    assert.equal(unknown.status, 401);
  });

  test("no body, and any Content-Type, are taken as they are meant", async () => {
    const { token } = await yard.makeUser("viewer");
    assert.equal((await post("/auth/logout")).status, 204);
    assert.equal((await post("/ws/ticket", undefined, token)).status, 200);
    const body = JSON.stringify({ username: "admin", password: adminPassword });
    for (const type of ["text/plain", "nonsense"]) {
      const reply = await fetch(`${yard.url}/api/v1/auth/login`, {
        method: "POST",
        body,
        headers: { "content-type": type },
      });
      assert.equal(reply.status, 200, await reply.text());
    }
  });

  describe("refreshing", () => {
    test("gives the next pair with the user as it is by now; the session stays the same", async () => {
      const viewer = await yard.makeUser("viewer");
      const first = await logIn(viewer);
      await yard.admin.expect(200, "PUT", `/users/${viewer.userId}`, { role: "operator", scope_tags: ["x1"] });
      const { status, json: second } = await refresh(first.refresh_token);
      assert.equal(status, 200);
      assert.deepEqual([second.user.role, second.user.scope_tags], ["operator", ["x1"]]);
      assert.notEqual(second.refresh_token, first.refresh_token);
      assert.equal(await statusOf(second.access_token), 200);
      assert.equal((await refresh(second.refresh_token)).status, 200);
    });

    test("an older token ends the family, the newest tokens included, and says so", async () => {
      const first = await logIn(await yard.makeUser("viewer"));
      const { json: second } = await refresh(first.refresh_token);
      const reused = await refresh(first.refresh_token);
      const plain = await refresh("ryr_unknown");
      assert.deepEqual([reused.status, plain.status], [401, 401]);
      assert.notEqual(reused.json, plain.json);
      assert.equal((await refresh(second.refresh_token)).status, 401);
      assert.equal(await statusOf(second.access_token), 401);
    });

    test("of those who refresh at once exactly one wins, and the family ends", async () => {
      const first = await logIn(await yard.makeUser("viewer"));
      const replies = await Promise.all(Array.from({ length: 5 }, () => refresh(first.refresh_token)));
      const won = replies.filter(({ status }) => status === 200);
      assert.equal(won.length, 1, replies.map(({ status }) => status).join());
      assert.equal((await refresh(won[0]?.json.refresh_token ?? "")).status, 401);
    });

    test("nothing but a refresh token refreshes, and a refresh token is good for nothing else", async () => {
      const viewer = await yard.makeUser("viewer");
      const login = await logIn(viewer);
      const { json } = await post<{ ticket: string }>("/ws/ticket", undefined, login.access_token);
      for (const wrong of [login.access_token, json.ticket, "x", "ryr_"]) {
        assert.equal((await refresh(wrong)).status, 401, wrong);
      }
      for (const wrong of [
        login.refresh_token,
        json.ticket,
        `${login.access_token}x`,
        withoutSignature(login.access_token),
      ])
        assert.equal(await statusOf(wrong), 401, wrong);
      for (const body of [{}, undefined, { refresh_token: "" }])
        assert.equal((await post("/auth/refresh", body)).status, 400);
    });
  });

  test("logging out ends the access token too, is always 204, and nothing can be replayed", async () => {
    const login = await logIn(await yard.makeUser("viewer"));
    for (const body of [{ refresh_token: "garbage" }, { refresh_token: 7 }, {}, { refresh_token: login.refresh_token }])
      assert.equal((await post("/auth/logout", body)).status, 204);
    assert.equal(await statusOf(login.access_token), 401);
    assert.equal((await refresh(login.refresh_token)).status, 401);
    assert.equal((await post("/auth/logout", { refresh_token: login.refresh_token })).status, 204);
  });

  describe("the lockout", () => {
    test("the last wrong try still is 401, then also the right password is 423 with the time left; unlocking ends it", async () => {
      const { username, password, userId } = await yard.makeUser("viewer");
      for (let attempt = 0; attempt < 5; attempt++) assert.equal((await tryLogin(username, "wrong one")).status, 401);
      for (const secret of ["wrong one", password]) {
        const locked = await tryLogin(username, secret);
        assert.equal(locked.status, 423);
        const seconds = Number(locked.headers.get("retry-after"));
        assert.ok(seconds > 840 && seconds <= 900, `${seconds}`);
        assert.match(locked.text, /15 more minutes/);
      }
      assert.equal((await yard.admin.ask("POST", `/users/${userId}/unlock`)).status, 204);
      assert.equal((await tryLogin(username, password)).status, 200);
      assert.equal((await yard.admin.ask("POST", "/users/nobody/unlock")).status, 404);
    });

    test("a right password forgets the wrong ones, and a name that nobody has is never locked", async () => {
      const { username, password } = await yard.makeUser("viewer");
      for (let round = 0; round < 2; round++) {
        for (let attempt = 0; attempt < 4; attempt++) await tryLogin(username, "wrong one");
        assert.equal((await tryLogin(username, password)).status, 200);
      }
      for (let attempt = 0; attempt < 7; attempt++) assert.equal((await tryLogin("stranger", "wrong one")).status, 401);
    });
  });

  test("the policy is read and changed in parts, and a password that is set must keep it", async () => {
    const path = "/auth/policy";
    const usual = {
      ...{ min_length: 8, require_upper: false, require_lower: false, require_digit: false, require_symbol: false },
      ...{ rotation_days: 0, lockout_max_attempts: 5, lockout_duration_minutes: 15 },
    };
    assert.deepEqual(await yard.admin.expect<object>(200, "GET", path), usual);
    const newUser = (password: string) => yard.admin.ask("POST", "/users", { username: `made${made++}`, password });
    let made = 0;
    assert.match((await newUser("seven77")).text, /8 to 1024 characters/);
    const changed = await yard.admin.expect<object>(200, "PUT", path, { require_digit: true, min_length: 5 });
    assert.deepEqual(changed, { ...usual, require_digit: true, min_length: 5 });
    const refused = await newUser("no digit here");
    assert.equal(refused.status, 400);
    assert.match(refused.json.error, /digit/);
    assert.equal((await newUser("five5")).status, 201);
    for (const wrong of [
      { min_length: 0 },
      { min_length: 257 },
      { rotation_days: -1 },
      { lockout_max_attempts: -1 },
      { min_length: "8" },
    ])
      assert.equal((await yard.admin.ask("PUT", path, wrong)).status, 400, JSON.stringify(wrong));
    // It holds whoever sets a password, and never at a login.
    await assert.rejects(yard.opened.yard.identity.users.create({ username: "other", password: "no digit here" }), {
      code: "invalid",
    });
    assert.equal((await tryLogin("admin", adminPassword)).status, 200);

    await yard.admin.expect(200, "PUT", path, { lockout_max_attempts: 0, require_digit: false });
    const { username, password } = await yard.makeUser("viewer");
    for (let attempt = 0; attempt < 7; attempt++) assert.equal((await tryLogin(username, "wrong one")).status, 401);
    assert.equal((await tryLogin(username, password)).status, 200);
    assert.deepEqual(await yard.admin.expect<object>(200, "PUT", path, usual), usual);
    const viewer = await yard.makeUser("viewer");
    for (const method of ["GET", "PUT"])
      assert.equal((await viewer.ask(method, path, method === "PUT" ? {} : undefined)).status, 403);
  });

  describe("sessions", () => {
    interface Session extends AnyBody {
      readonly family_id: string;
      readonly is_current: boolean;
      readonly created_at: string;
      readonly expires_at: string;
      readonly revoked_at?: string;
    }

    test("one's own are listed newest first, the one that asks is marked, and each can be ended at once", async () => {
      const viewer = await yard.makeUser("viewer");
      const other = await logIn(viewer);
      const headers = { "user-agent": "a browser" };
      const body = { username: viewer.username, password: viewer.password, remember_me: true };
      const { json: own } = await askDockmesh<Login>(yard.url, "POST", "/auth/login", { body, headers });
      const list = async (query = "") =>
        (await askDockmesh<Session[]>(yard.url, "GET", `/sessions${query}`, { token: own.access_token })).json;

      const [first, second, third] = await list();
      assert.deepEqual([first?.is_current, second?.is_current, third?.is_current], [true, false, false]);
      assert.deepEqual([first?.user_agent, first?.ip], ["a browser", "127.0.0.1"]);
      const days = (session?: Session) =>
        Math.round((Date.parse(session?.expires_at ?? "") - Date.parse(session?.created_at ?? "")) / 86_400_000);
      assert.deepEqual([days(first), days(second)], [14, 1]);

      const path = `/sessions/${second?.family_id}`;
      assert.equal((await yard.admin.ask("DELETE", path)).status, 404, "another's");
      const end = () => askDockmesh(yard.url, "DELETE", path, { token: own.access_token });
      assert.equal((await end()).status, 204);
      assert.equal(await statusOf(other.access_token), 401);
      assert.equal((await end()).status, 404, "already");
      assert.ok(!(await list()).some(({ family_id: id }) => id === second?.family_id));
      const dead = (await list("?include_revoked=1")).find(({ family_id: id }) => id === second?.family_id);
      assert.ok(dead?.revoked_at);
    });

    test("a password change ends all but the session that asks", async () => {
      const viewer = await yard.makeUser("viewer");
      const [kept, other] = [await logIn(viewer), await logIn(viewer)];
      const set = (body: object) =>
        askDockmesh(yard.url, "PUT", `/users/${viewer.userId}/password`, { body, token: kept.access_token });
      assert.equal((await set({ password: "another password" })).status, 400);
      assert.equal((await set({ password: "another password", current_password: "wrong one" })).status, 401);
      assert.equal((await set({ password: "short", current_password: viewer.password })).status, 400);
      assert.equal((await set({ password: "another password", current_password: viewer.password })).status, 204);
      assert.deepEqual([await statusOf(kept.access_token), await statusOf(other.access_token)], [200, 401]);
      assert.equal((await refresh(other.refresh_token)).status, 401);
      assert.equal((await tryLogin(viewer.username, "another password")).status, 200);
    });
  });

  describe("the second step", () => {
    async function enrol(caller: Caller) {
      const { secret } = await caller.expect<{ secret: string }>(200, "POST", "/mfa/enroll/start");
      const totp = new OTPAuth.TOTP({ secret: OTPAuth.Secret.fromBase32(secret) });
      const codeNow = (steps = 0) => totp.generate({ timestamp: Date.now() + steps * 30_000 });
      const { recovery_codes: codes } = await caller.expect<{ recovery_codes: string[] }>(
        200,
        "POST",
        "/mfa/enroll/verify",
        { code: codeNow() },
      );
      return { codeNow, codes };
    }
    const challenge = async (caller: Caller) => {
      const login = await logIn(caller);
      assert.deepEqual(Object.keys(login).sort(), ["mfa_required", "mfa_token"]);
      return login.mfa_token;
    };
    const answer = (mfa_token: string | undefined, code: string) => post<Login>("/auth/mfa", { mfa_token, code });

    test("is begun, proven by a code, and then every login asks for one; a code is good once", async () => {
      const viewer = await yard.makeUser("viewer");
      assert.equal((await viewer.ask("POST", "/mfa/enroll/verify", { code: "000000" })).status, 400, "not begun");
      const begun = await viewer.expect(200, "POST", "/mfa/enroll/start");
      assert.match(String(begun.url), /^otpauth:\/\/totp\//);
      assert.equal(begun.otpauth_url, begun.url);
      assert.match(String(begun.qr_data_url), /^data:image\/png;base64,iVBOR/);
      assert.equal((await viewer.ask("POST", "/mfa/enroll/verify", { code: "000000" })).status, 401, "wrong");
      const { codeNow, codes } = await enrol(viewer);
      assert.equal(codes.length, 10);
      for (const code of codes) assert.match(code, /^[a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{4}$/);
      assert.equal((await viewer.ask("POST", "/mfa/enroll/start")).status, 409);
      assert.equal((await viewer.ask("POST", "/mfa/enroll/verify", { code: codeNow() })).status, 409);

      const token = await challenge(viewer);
      for (const body of [{ mfa_token: token }, { code: "123456" }, {}])
        assert.equal((await post("/auth/mfa", body)).status, 400);
      assert.equal((await answer(token, "000000")).status, 401);
      assert.equal((await answer("ryr_nothing", codeNow(1))).status, 401);
      assert.equal(await statusOf(token ?? ""), 401, "half a login is none");
      const code = codeNow(1);
      const done = await answer(token, code);
      assert.deepEqual([done.status, done.json.user.mfa_enabled], [200, true]);
      assert.equal((await answer(await challenge(viewer), code)).status, 401, "a code of a step that was used");
    });

    test("a recovery code logs in once; switching off and an administrator's reset end the asking", async () => {
      const viewer = await yard.makeUser("viewer");
      const { codes } = await enrol(viewer);
      const [first = "", second = ""] = codes;
      assert.equal((await answer(await challenge(viewer), first.toUpperCase())).status, 200);
      assert.equal((await answer(await challenge(viewer), first)).status, 401);
      assert.equal((await answer(await challenge(viewer), second)).status, 200);
      assert.equal((await viewer.ask("DELETE", "/mfa")).status, 204);
      assert.ok((await logIn(viewer)).access_token);
      await enrol(viewer);
      assert.equal((await yard.admin.ask("DELETE", `/users/${viewer.userId}/mfa`)).status, 204);
      assert.ok((await logIn(viewer)).access_token);
      assert.equal((await viewer.ask("DELETE", `/users/${yard.admin.userId}/mfa`)).status, 403);
    });

    test("wrong codes lock the account as wrong passwords do", async () => {
      const viewer = await yard.makeUser("viewer");
      const { codes } = await enrol(viewer);
      const token = await challenge(viewer);
      for (let attempt = 0; attempt < 5; attempt++) assert.equal((await answer(token, "000000")).status, 401);
      const locked = await answer(token, codes[0] ?? "");
      assert.equal(locked.status, 423);
      assert.ok(locked.headers.get("retry-after"));
    });
  });

  test("the development origin, and no other, may ask across origins", async () => {
    const asked = (origin: string) =>
      fetch(`${yard.url}/api/v1/me`, {
        method: "OPTIONS",
        headers: { origin, "access-control-request-method": "GET" },
      });
    const [known, strange] = [await asked("http://localhost:5173"), await asked("https://evil.example")];
    assert.equal(known.headers.get("access-control-allow-origin"), "http://localhost:5173");
    assert.equal(known.headers.get("access-control-allow-credentials"), "true");
    assert.equal(strange.headers.get("access-control-allow-origin"), null);
  });

  test("probes answer in plain words, to anybody", async () => {
    for (const [path, says] of [
      ["/healthz/live", "ok"],
      ["/healthz/ready", "ready"],
    ] as const) {
      const reply = await fetch(`${yard.url}${path}`);
      assert.deepEqual([reply.status, await reply.text()], [200, says]);
      assert.ok(reply.headers.get("x-request-id"));
    }
  });

  test("what happened is in the audit log, under the names that clients show", async () => {
    const actions = new Set(auditLog(yard.opened.data).map(({ action }) => action));
    for (const action of ["auth.login", "auth.logout", "auth.session_revoke", "auth.policy_update", "user.unlock"])
      assert.ok(actions.has(action), action);
    for (const action of ["user.update", "user.password", "user.mfa_enroll", "user.mfa_disable", "user.mfa_reset"])
      assert.ok(actions.has(action), action);
  });
});

/** The same claims, by nobody's signature. */
function withoutSignature(token: string): string {
  const header = Buffer.from(JSON.stringify({ alg: "none", typ: "at+jwt" })).toString("base64url");
  return `${header}.${token.split(".")[1]}.`;
}
