/** Logins by another service, from the first redirect to the last, against a server that speaks as GitHub does. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { signUp } from "../src/apis/wrenn/testing.ts";
import { auditLog } from "./support/audit-log.ts";
import { application, type Outsider, startOAuthProvider, type TestOAuthProvider } from "./support/oauth-provider.ts";
import { type OpenedYard, openTestYard } from "./support/yard-in-process.ts";

const pages = "https://pages.example";

let provider: TestOAuthProvider;
let opened: OpenedYard;
before(async () => {
  provider = await startOAuthProvider(outsider(1, "octo"));
  opened = await openWith({ "wrenn-frontend-url": pages });
});
after(async () => {
  await opened?.[Symbol.asyncDispose]();
  await provider?.[Symbol.asyncDispose]();
});

function outsider(id: number, login: string, emails?: Outsider["emails"]): Outsider {
  return { id, login, name: null, emails: emails ?? [{ email: `${login}@Hub.test`, primary: true, verified: true }] };
}

function openWith(flags: Readonly<Record<string, string>>): Promise<OpenedYard> {
  return openTestYard({
    "wrenn-github-client-id": application.id,
    "wrenn-github-client-secret": application.secret,
    "wrenn-github-url": provider.url,
    "wrenn-github-api-url": `${provider.url}/api/v3`,
    ...flags,
  });
}

interface Visit {
  readonly status: number;
  readonly location: URL;
  /** By their names. */
  readonly cookies: ReadonlyMap<string, { readonly value: string; readonly attributes: string }>;
}

async function visit(url: string | URL, cookie?: string): Promise<Visit> {
  const response = await fetch(url, { redirect: "manual", headers: cookie === undefined ? {} : { cookie } });
  await response.body?.cancel();
  const cookies = response.headers.getSetCookie().map((text) => {
    const [, name = "", value = "", attributes = ""] = /^([^=]+)=([^;]*)(.*)$/.exec(text) ?? [];
    return [name, { value: decodeURIComponent(value), attributes }] as const;
  });
  const location = new URL(response.headers.get("location") ?? "about:blank");
  return { status: response.status, location, cookies: new Map(cookies) };
}

const stateOf = ({ cookies }: Visit) => `oauth_state=${encodeURIComponent(cookies.get("oauth_state")?.value ?? "")}`;

/** The whole way, as a browser goes it. @returns where it ends */
async function logIn(start = "/v1/auth/oauth/github", { url }: { url: string } = opened): Promise<Visit> {
  const begun = await visit(url + start);
  assert.equal(begun.status, 302);
  const agreed = await visit(begun.location);
  return visit(agreed.location, stateOf(begun));
}

const errorOf = ({ status, location }: Visit) => [status, location.origin + location.pathname, location.search];
const failsWith = (code: string) => [302, `${pages}/auth/github/callback`, `?error=${code}`];

describe("the way to the provider", () => {
  test("names the application, what is asked for and the way back, and ties the browser to it", async () => {
    const { location, cookies } = await visit(`${opened.url}/v1/auth/oauth/github`);
    assert.equal(location.origin + location.pathname, `${provider.url}/login/oauth/authorize`);
    const { state, ...query } = Object.fromEntries(location.searchParams);
    assert.deepEqual(query, {
      client_id: application.id,
      scope: "user:email",
      redirect_uri: `${opened.url}/v1/auth/oauth/github/callback`,
    });
    const cookie = cookies.get("oauth_state");
    assert.match(cookie?.value ?? "", new RegExp(`^${state}:[0-9a-f]{64}$`));
    for (const attribute of ["Path=/", "Max-Age=600", "HttpOnly", "SameSite=Lax"])
      assert.ok(cookie?.attributes.includes(attribute), attribute);
    assert.ok(!cookie?.attributes.includes("Secure"));
  });

  test("is secured by the cookie where a proxy in front speaks TLS", async () => {
    const headers = { "x-forwarded-proto": "https" };
    const reply = await fetch(`${opened.url}/auth/oauth/github`, { redirect: "manual", headers });
    assert.match(reply.headers.get("set-cookie") ?? "", /; Secure/);
  });

  test("is 404 for a provider that there is not, or that is not set up", async () => {
    await using without = await openTestYard();
    for (const url of [`${opened.url}/v1/auth/oauth/gitlab`, `${without.url}/v1/auth/oauth/github`])
      for (const path of ["", "/callback?code=x&state=y"]) {
        const reply = await fetch(url + path, { redirect: "manual" });
        assert.equal(reply.status, 404);
        assert.equal(((await reply.json()) as { error: { code: string } }).error.code, "provider_not_found");
      }
  });

  test("comes back by public-url where the yard has one", async () => {
    await using behind = await openWith({ "public-url": "https://yard.example" });
    const { location } = await visit(`${behind.url}/auth/oauth/github`);
    assert.equal(location.searchParams.get("redirect_uri"), "https://yard.example/auth/oauth/github/callback");
  });
});

describe("the way back", () => {
  test("makes an account at the first login and finds it at the next, by either spelling", async () => {
    provider.user = { ...outsider(7, "ada"), name: "Ada L." };
    const first = await logIn();
    const { token, ...query } = Object.fromEntries(first.location.searchParams);
    assert.equal(first.location.origin + first.location.pathname, `${pages}/auth/github/callback`);
    assert.deepEqual([query.email, query.name], ["ada@hub.test", "Ada L."]);
    const teams = await fetch(`${opened.url}/v1/teams`, { headers: { authorization: `Bearer ${token}` } });
    const [team] = (await teams.json()) as { id: string; name: string }[];
    assert.deepEqual(team && [team.id, team.name], [query.team_id, "Ada L.'s Team"]);

    for (const [name, value] of Object.entries({ token, ...query })) {
      const cookie = first.cookies.get(`wrenn_oauth_${name}`);
      assert.equal(cookie?.value, value, name);
      assert.match(cookie?.attributes ?? "", /Max-Age=60/);
      assert.match(cookie?.attributes ?? "", /Path=\/auth\//);
      assert.doesNotMatch(cookie?.attributes ?? "", /HttpOnly/);
    }
    assert.match(first.cookies.get("oauth_state")?.attributes ?? "", /Max-Age=0/);

    provider.user = { ...provider.user, emails: [{ email: "moved@hub.test", primary: true, verified: true }] };
    const again = await logIn("/auth/oauth/github");
    assert.equal(again.location.searchParams.get("user_id"), query.user_id);
    const actions = auditLog(opened.data).filter(({ actor }) => actor === "ada");
    assert.deepEqual(
      actions.map(({ action }) => action),
      ["user.create", "session.start", "session.start"],
    );
  });

  test("puts no token into the URL where that is switched off", async () => {
    await using quiet = await openWith({ "wrenn-oauth-query": "false", "wrenn-frontend-url": pages });
    const { location, cookies } = await logIn(undefined, quiet);
    assert.equal(location.href, `${pages}/auth/github/callback`);
    assert.ok(cookies.has("wrenn_oauth_token"));
  });

  test("says that an address is somebody's already, and links nothing", async () => {
    await signUp(opened.url, "taken");
    provider.user = outsider(8, "other", [{ email: "Taken@example.test", primary: true, verified: true }]);
    assert.deepEqual(errorOf(await logIn()), failsWith("email_taken"));
    assert.equal(await opened.yard.identity.links.find({ provider: "github", id: "8" }), undefined);
  });

  for (const emails of [
    [],
    [{ email: "a@hub.test", primary: true, verified: false }],
    [{ email: "a@hub.test", primary: false, verified: true }],
  ])
    test(`believes no address but a verified primary one: ${JSON.stringify(emails)}`, async () => {
      provider.user = outsider(9, "unverified", emails);
      assert.deepEqual(errorOf(await logIn()), failsWith("exchange_failed"));
    });

  test("says so when the account is locked", async () => {
    provider.user = outsider(10, "locked");
    await logIn();
    await opened.yard.identity.users.lock("locked");
    assert.deepEqual(errorOf(await logIn()), failsWith("account_deactivated"));
  });

  test("makes no account for who only wants to log in, nor where nobody may sign up", async () => {
    provider.user = outsider(11, "stranger");
    assert.deepEqual(errorOf(await logIn("/auth/oauth/github?intent=login")), failsWith("no_account"));
    await using closed = await openWith({ "wrenn-signup": "closed", "wrenn-frontend-url": pages });
    assert.deepEqual(errorOf(await logIn("/auth/oauth/github?intent=signup", closed)), failsWith("no_account"));
    assert.ok((await logIn("/auth/oauth/github?intent=signup")).location.searchParams.has("token"));
  });

  test("of two logins at once of somebody new makes one account", async () => {
    provider.user = outsider(12, "twice");
    const both = await Promise.all([logIn(), logIn()]);
    const users = new Set(both.map(({ location }) => location.searchParams.get("user_id")));
    assert.equal(users.size, 1);
    assert.ok(!users.has(null));
  });

  test("refuses what was not begun here, or is not whole", async () => {
    const begun = await visit(`${opened.url}/v1/auth/oauth/github`);
    const state = begun.location.searchParams.get("state");
    const back = (query: string, cookie?: string) =>
      visit(`${opened.url}/v1/auth/oauth/github/callback?${query}`, cookie);
    for (const [query, cookie, code] of [
      [`error=access_denied&state=${state}`, stateOf(begun), "access_denied"],
      [`code=x&state=${state}`, undefined, "invalid_state"],
      [`code=x&state=${"0".repeat(32)}`, stateOf(begun), "invalid_state"],
      ["code=x", stateOf(begun), "invalid_state"],
      [`code=x&state=${state}`, `oauth_state=${state}%3A${"0".repeat(64)}`, "invalid_state"],
      [`state=${state}`, stateOf(begun), "missing_code"],
      [`code=&state=${state}`, stateOf(begun), "missing_code"],
      [`code=made-up&state=${state}`, stateOf(begun), "exchange_failed"],
    ] as const)
      assert.deepEqual(errorOf(await back(query, cookie)), failsWith(code), query);
  });

  test("tells a provider that fails from one that refuses as little as from one that is not there", async () => {
    for (const failure of [
      { status: 500, body: "oops" },
      { status: 200, body: "{" },
      { status: 200, body: "x".repeat(2_000_000) },
      { status: 302, body: "" },
    ]) {
      provider.failure = failure;
      assert.deepEqual(errorOf(await logIn()), failsWith("exchange_failed"));
    }
    provider.failure = undefined;
  });
});
