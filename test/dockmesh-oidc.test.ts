/** Signing in by an OpenID provider, from the first redirect to the last, with a browser, a real provider and a real yard. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createLog } from "../src/platform/log.ts";
import { until } from "../src/platform/testing/until.ts";
import { auditLog } from "./support/audit-log.ts";
import { type Browser, createBrowser, type Page } from "./support/browser.ts";
import { type Caller, callerOf } from "./support/dockmesh.ts";
import { type OpenIdProviderServer, startOpenIdProvider } from "./support/openid-provider.ts";
import { type OpenedYard, openTestYard } from "./support/yard-in-process.ts";

let opened: OpenedYard;
let admin: Caller;
let provider: OpenIdProviderServer;
const logged: string[] = [];
/** Tokens. */
const given: string[] = [];
const pathOf = (slug: string) => `/api/v1/auth/oidc/${slug}`;

before(async () => {
  const log = createLog({ level: "debug", destination: { write: (line: string) => void logged.push(line) } });
  opened = await openTestYard({ "openid-allow-networks": "127.0.0.0/8" }, { log });
  admin = await callerOf(opened, "admin");
  const slugs = ["corp", "second"];
  provider = await startOpenIdProvider(slugs.map((slug) => `${opened.url}${pathOf(slug)}/callback`));
  await admin.expect(201, "POST", "/oidc/providers", inputFor("corp"));
});
after(async () => {
  await opened?.[Symbol.asyncDispose]();
  await provider?.[Symbol.asyncDispose]();
});

function inputFor(slug: string) {
  const { id: client_id, secret: client_secret } = provider.client;
  return {
    ...{ slug, display_name: "Corp", issuer_url: provider.issuer, client_id, client_secret, default_role: "viewer" },
    ...{ group_claim: "groups", admin_group: "root", operator_group: "ops", enabled: true },
  };
}

interface SignedIn {
  readonly page: Page;
  readonly access: string;
  readonly refresh: string;
  /** Why not. */
  readonly error: string | null;
}

/** @param name what the user types into the provider's form; empty: the user refuses */
async function signIn(name: string, { slug = "corp", browser = createBrowser() } = {}): Promise<SignedIn> {
  const form = await browser.open(`${opened.url}${pathOf(slug)}/login`);
  assert.match(form.text, /<form/, form.text);
  return arrive(await browser.open(form.url, { form: { login: name }, until: /\/login[?#]/ }));
}

function arrive(page: Page): SignedIn {
  assert.equal(page.url.origin + page.url.pathname, `${opened.url}/login`, page.way.join(" "));
  const told = new URLSearchParams(page.url.hash.slice(1));
  const [access = "", refresh = ""] = [told.get("sso_access") ?? "", told.get("sso_refresh") ?? ""];
  given.push(...[access, refresh].filter((token) => token !== ""));
  return { page, access, refresh, error: page.url.searchParams.get("sso_error") };
}

/** As far as the provider's word that the browser is to go back. */
async function comeBack(browser: Browser, name: string, slug = "corp"): Promise<URL> {
  const form = await browser.open(`${opened.url}${pathOf(slug)}/login`);
  return (await browser.open(form.url, { form: { login: name }, until: /\/callback\?/ })).url;
}

const me = (token: string) => admin.ask("GET", "/me", undefined, { headers: { authorization: `Bearer ${token}` } });

describe("signing in by an OpenID provider", () => {
  test("makes a user at the first time and finds it at the second, and the tokens are as good as any", async () => {
    provider.people.set("ada", {
      email: "ada@corp.example",
      email_verified: true,
      preferred_username: "ada",
      groups: ["ops"],
    });
    const browser = createBrowser();
    const first = await signIn("ada", { browser });
    assert.equal(first.page.url.search, "");
    const user = (await me(first.access)).json;
    assert.deepEqual(
      [user.username, user.email, user.role, user.mfa_enabled],
      ["ada", "ada@corp.example", "operator", false],
    );
    const refreshed = await admin.ask("POST", "/auth/refresh", { refresh_token: first.refresh });
    assert.equal(refreshed.status, 200);
    const [session] = (
      await admin.ask<readonly { user_agent?: string }[]>("GET", "/sessions", undefined, {
        headers: { authorization: `Bearer ${refreshed.json.access_token}` },
      })
    ).json;
    assert.ok(session);

    provider.people.set("ada", { email: "moved@corp.example", email_verified: true, groups: ["root", "ops"] });
    // The provider still knows the browser: nobody types anything.
    const again = arrive(await browser.open(`${opened.url}${pathOf("corp")}/login`, { until: /\/login#/ }));
    const known = (await me(again.access)).json;
    assert.deepEqual([known.id, known.username, known.role], [user.id, "ada", "admin"]);
    const entries = auditLog(opened.data).filter(({ actor }) => actor === "ada");
    assert.deepEqual(
      entries.map(({ action }) => action).filter((action) => action !== "auth.refresh"),
      ["user.create", "user.update", "auth.sso_login", "user.update", "auth.sso_login"],
    );
  });

  test("ties the browser to itself by a cookie that only comes back here, for five minutes", async () => {
    const browser = createBrowser();
    const form = await browser.open(`${opened.url}${pathOf("corp")}/login`);
    const [cookie, ...others] = browser.cookies(`${opened.url}${pathOf("corp")}/callback`);
    assert.deepEqual(others, []);
    for (const attribute of ["HttpOnly", "SameSite=Lax", "Max-Age=300", `Path=${pathOf("corp")}`])
      assert.ok(cookie?.text.includes(attribute), attribute);
    assert.doesNotMatch(cookie?.text ?? "", /Secure/);
    assert.deepEqual(browser.cookies(`${opened.url}/api/v1/me`), []);
    await browser.open(form.url, { form: { login: "ada" }, until: /\/login#/ });
    assert.deepEqual(browser.cookies(`${opened.url}${pathOf("corp")}/callback`), []);
  });

  test("is secured by its cookie, and comes back by that name, where the yard is known by an address with TLS", async () => {
    await admin.expect(200, "PUT", "/settings", { base_url: "https://yard.example" });
    try {
      const reply = await admin.ask("GET", "/auth/oidc/corp/login");
      assert.match(reply.headers.get("set-cookie") ?? "", /; Secure/);
      const asked = new URL(reply.headers.get("location") ?? "").searchParams;
      assert.equal(asked.get("redirect_uri"), "https://yard.example/api/v1/auth/oidc/corp/callback");
      assert.equal(reply.headers.get("cache-control"), "no-store");
    } finally {
      await admin.expect(200, "PUT", "/settings", { base_url: "" });
    }
  });

  test("goes back to the page it began on, and nowhere else", async () => {
    for (const query of ["next=https://evil.example", "redirect_uri=https://evil.example", "state=x"]) {
      const { headers } = await admin.ask("GET", `/auth/oidc/corp/login?${query}`);
      const asked = new URL(headers.get("location") ?? "");
      assert.equal(asked.origin, provider.issuer);
      assert.ok(!asked.href.includes("evil"));
    }
    const browser = createBrowser();
    const back = await comeBack(browser, "ada");
    back.searchParams.set("next", "https://evil.example");
    const { page } = arrive(await browser.open(back, { until: /\/login[?#]/ }));
    assert.equal(page.url.origin, opened.url);
  });

  test("is 400 without cookie or code, and 401 with what is forged, of another browser or was used", async () => {
    const browser = createBrowser();
    const back = await comeBack(browser, "ada");
    const [cookie] = browser.cookies(back);
    const visit = async (url: URL, value?: string) => {
      const headers = value === undefined ? {} : { cookie: `dockmesh_sign_in=${value}` };
      const response = await fetch(url, { redirect: "manual", headers });
      return [response.status, ((await response.json()) as { error: string }).error] as const;
    };
    const without = new URL(back);
    without.searchParams.delete("code");
    for (const [url, value, status] of [
      [back, undefined, 400],
      [without, cookie!.value, 400],
      [back, "x", 401],
      [back, cookie!.value.slice(0, -4), 401],
      [back, admin.token, 401],
      [new URL(back.href.replace(/state=[^&]+/, "state=x")), cookie!.value, 401],
      [new URL(`${opened.url}${pathOf("corp")}/callback?error=access_denied&state=x`), cookie!.value, 401],
    ] as const) {
      const [seen, error] = await visit(url, value);
      assert.equal(seen, status, `${url.search} ${error}`);
    }
    // What somebody else makes this browser ask for takes nothing from it.
    assert.equal((await browser.open(new URL(back.href.replace(/state=[^&]+/, "state=x")))).status, 401);
    assert.deepEqual(browser.cookies(back), [cookie]);
    assert.notEqual(arrive(await browser.open(back, { until: /\/login[?#]/ })).access, "");
    assert.equal((await visit(back, cookie!.value))[0], 401);
  });

  test("is 404 by a provider that there is not, or that is off", async () => {
    const made = await admin.expect(201, "POST", "/oidc/providers", { ...inputFor("second"), enabled: false });
    for (const slug of ["second", "none", "..%2fcorp", "CORP"])
      for (const path of ["login", "callback?code=x&state=y"]) {
        const headers = { cookie: "dockmesh_sign_in=x" };
        const reply = await admin.ask("GET", `/auth/oidc/${slug}/${path}`, undefined, { headers });
        assert.equal(reply.status, 404, `${slug}/${path}`);
      }
    const offered = await admin.ask("GET", "/auth/oidc/providers", undefined, { headers: { authorization: "" } });
    assert.deepEqual(offered.json as unknown, [{ slug: "corp", display_name: "Corp" }]);
    await admin.expect(204, "DELETE", `/oidc/providers/${made.id}`);
  });

  test("leads back with the reason where the provider or the yard refuses", async () => {
    assert.match((await signIn("")).error ?? "", /access_denied/);
    provider.people.set("nomail", { preferred_username: "nomail" });
    assert.match((await signIn("nomail")).error ?? "", /no e-mail address/);
    provider.people.set("lock", { email: "lock@corp.example", email_verified: true });
    assert.notEqual((await signIn("lock")).access, "");
    await opened.yard.identity.users.lock("lock");
    const refused = await signIn("lock");
    assert.deepEqual(
      [refused.error, refused.access],
      ["This account is locked. An administrator can make it active again.", ""],
    );
    // It is written soon, not at once.
    const denied = () => auditLog(opened.data).filter(({ action }) => action === "auth.login_failed");
    await until(() => denied().some(({ details }) => details.includes('"forbidden"')));
  });

  test("takes over no account by an address that an administrator has not written", async () => {
    const { users } = opened.yard.identity;
    await users.create({ username: "squatter", email: "eve@corp.example", password: "right password" });
    provider.people.set("eve", { email: "eve@corp.example", email_verified: true });
    assert.match((await signIn("eve")).error ?? "", /has the address/);
    const made = await admin.expect(201, "POST", "/users", {
      ...{ username: "bob", password: "Right-passw0rd", email: "bob@corp.example", role: "viewer" },
    });
    provider.people.set("robert", { email: "bob@corp.example", email_verified: true, groups: ["ops"] });
    const { access } = await signIn("robert");
    assert.deepEqual(await me(access).then(({ json }) => [json.id, json.username, json.role]), [
      made.id,
      "bob",
      "operator",
    ]);
  });

  test("leads back, or is 503, where the provider is away", async () => {
    const { id } = await admin.expect(201, "POST", "/oidc/providers", {
      ...{ ...inputFor("second"), issuer_url: "http://127.0.0.1:1" },
    });
    const reply = await admin.ask("GET", "/auth/oidc/second/login");
    assert.deepEqual([reply.status, reply.headers.get("set-cookie")], [503, null]);
    assert.match(reply.json.error, /cannot be used to sign in/);
    await admin.expect(204, "DELETE", `/oidc/providers/${id}`);
  });
});

describe("OpenID providers of Dockmesh's API", () => {
  test("never show their secret, and keep it where none is given", async () => {
    const [listed] = await admin.expect<readonly Readonly<Record<string, unknown>>[]>(200, "GET", "/oidc/providers");
    const { client_secret: _, ...shown } = inputFor("corp");
    const { id, created_at, updated_at, ...rest } = listed!;
    assert.deepEqual(rest, { ...shown, scopes: "openid profile email", default_scope_tags: [] });
    assert.deepEqual([typeof id, typeof created_at, typeof updated_at], ["number", "string", "string"]);
    const changed = await admin.expect(200, "PUT", `/oidc/providers/${id}`, { ...shown, client_secret: "" });
    assert.equal("client_secret" in changed, false);
    assert.notEqual((await signIn("ada")).access, "");
    const elsewhere = { ...shown, issuer_url: "https://login.example" };
    const refused = await admin.ask("PUT", `/oidc/providers/${id}`, elsewhere);
    assert.deepEqual([refused.status, refused.json.error.split(":")[0]], [400, "client_secret"]);
  });

  test("are refused with the field at fault", async () => {
    const sound = inputFor("sound");
    for (const [change, status, field] of [
      [{ slug: "a b" }, 400, "slug"],
      [{ issuer_url: "http://login.example" }, 400, "issuer_url"],
      [{ default_role: "nobody" }, 400, "default_role"],
      [{ default_role: "admin" }, 400, "default_role"],
      [{ group_claim: "" }, 400, "group_claim"],
      [{ default_scope_tags: ["No Tag"] }, 400, "default_scope_tags"],
      [{ slug: "corp" }, 409, "slug"],
    ] as const) {
      const reply = await admin.ask("POST", "/oidc/providers", { ...sound, ...change });
      assert.deepEqual([reply.status, reply.json.error.split(":")[0]], [status, field], reply.text);
    }
    await admin.expect(404, "PUT", "/oidc/providers/9999", sound);
    await admin.expect(404, "DELETE", "/oidc/providers/9999");
    await admin.expect(400, "DELETE", "/oidc/providers/x");
  });

  test("are looked for, and asked anew", async () => {
    const found = await admin.expect(200, "POST", "/oidc/providers/test-discovery", { issuer_url: provider.issuer });
    assert.deepEqual([found.ok, found.issuer], [true, provider.issuer]);
    for (const issuer_url of ["http://127.0.0.1:1", "https://169.254.169.254", "ftp://x", "x"]) {
      const missing = await admin.expect(200, "POST", "/oidc/providers/test-discovery", { issuer_url });
      assert.equal(missing.ok, false, missing.error);
    }
    await admin.expect(400, "POST", "/oidc/providers/test-discovery", {});
    assert.deepEqual(
      { ...(await admin.expect(200, "POST", "/oidc/providers/reload")) },
      {
        ...{ status: "ok", reloaded: 1, failed: 0 },
      },
    );
  });

  test("are for who manages the fleet to see, and for administrators to set up", async () => {
    const { identity } = opened.yard;
    await identity.users.create({ username: "operator", roles: ["operator"] });
    await admin.expect(201, "POST", "/roles", { name: "managers", display: "Managers", permissions: ["user.manage"] });
    await identity.users.create({ username: "manager", roles: ["managers"] });
    const [operator, manager] = [await callerOf(opened, "operator"), await callerOf(opened, "manager")];
    const [{ id } = { id: "" }] = await manager.expect<readonly { id: string }[]>(200, "GET", "/oidc/providers");
    for (const [method, path, body] of [
      ["POST", "/oidc/providers", inputFor("mine")],
      ["PUT", `/oidc/providers/${id}`, { ...inputFor("corp"), default_role: "managers" }],
      ["DELETE", `/oidc/providers/${id}`, undefined],
    ] as const) {
      assert.equal((await manager.ask(method, path, body)).status, 403, method);
      assert.equal((await operator.ask(method, path, body)).status, 403, method);
      const nobody = await admin.ask(method, path, body, { headers: { authorization: "" } });
      assert.equal(nobody.status, 401, method);
    }
  });

  test("have their secret, and what users bring from them, in no line of the log or of the audit", async () => {
    const { secret } = provider.client;
    const everything = `${logged.join("\n")}\n${JSON.stringify(auditLog(opened.data))}`;
    assert.match(everything, /auth\.sso_login/);
    for (const kept of [secret, "code_verifier", ...given]) assert.ok(!everything.includes(kept), kept);
    assert.doesNotMatch(everything, /[?&]code=(?!\[hidden\])/);
    assert.match(everything, /[?&]code=/);
  });
});
