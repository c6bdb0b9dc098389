/** The way to a provider and back, with browsers and providers that do what they should not. */
import assert from "node:assert/strict";
import { BlockList } from "node:net";
import { after, before, beforeEach, describe, test } from "node:test";
import { openTestDatabase } from "../../platform/db/testing.ts";
import { isYardError, type YardErrorCode } from "../../platform/errors.ts";
import { openTestIdentity, type TestIdentity } from "../testing.ts";
import type { OpenIdSettings } from "./openid.ts";
import { loopback, startTestProvider, type TestProvider } from "./testing.ts";

let provider: TestProvider;
before(async () => {
  provider = await startTestProvider();
});
after(() => provider[Symbol.asyncDispose]());
const honest = () =>
  Object.assign(provider, {
    ...{ claims: { sub: "1", email: "a@corp.example" }, userinfo: {}, lies: {}, metadata: {} },
    ...{ signsWithAnotherKey: false, intercept: undefined },
  });
beforeEach(honest);

const source = "203.0.113.7";
const redirectUri = "https://yard.example/back";
const refused = (code: YardErrorCode, reason?: RegExp) => (error: unknown) =>
  isYardError(error, code) && (reason === undefined || reason.test(error.message));

function inputFor(slug: string, issuer = provider.issuer) {
  const { id: clientId, secret: clientSecret } = provider.client;
  return { slug, displayName: "Corp", issuer, clientId, clientSecret, defaultRole: "viewer" };
}

async function openWith(settings: Partial<OpenIdSettings> = {}): Promise<TestIdentity> {
  const identity = await openTestIdentity(openTestDatabase("sqlite"), {
    openid: { allowNetworks: loopback, ...settings },
  });
  await identity.openid.providers.create(inputFor("corp"));
  return identity;
}

async function begin({ openid }: TestIdentity, slug = "corp") {
  const { url, sealed } = await openid.begin(slug, redirectUri);
  return { url, sealed, parameters: provider.visit(url), source };
}

const signIn = async (identity: TestIdentity) => identity.openid.complete("corp", await begin(identity));

describe("the way to a provider", () => {
  test("names the client, what is asked for and the way back, with PKCE and a nonce, each time others", async () => {
    await using identity = await openWith();
    const queries = await Promise.all(
      [1, 2].map(async () => {
        const { url } = await identity.openid.begin("corp", redirectUri);
        assert.equal(url.split("?", 1)[0], `${provider.issuer}/authorize`);
        return Object.fromEntries(new URL(url).searchParams);
      }),
    );
    for (const { state, nonce, code_challenge, ...query } of queries) {
      assert.deepEqual(query, {
        ...{ response_type: "code", client_id: provider.client.id, redirect_uri: redirectUri },
        ...{ scope: "openid profile email", code_challenge_method: "S256" },
      });
      for (const random of [state, nonce, code_challenge]) assert.match(random ?? "", /^[\w-]{43}$/);
    }
    for (const name of ["state", "nonce", "code_challenge"])
      assert.notEqual(queries[0]?.[name], queries[1]?.[name], name);
  });

  test("asks the provider about itself once for all who come at that time, and again after a change", async () => {
    await using identity = await openWith();
    const discoveries = () => provider.asked.filter((path) => path.includes("well-known")).length;
    const before = discoveries();
    await Promise.all([1, 2, 3].map(() => begin(identity)));
    assert.equal(discoveries() - before, 1);
    const [known] = await identity.openid.providers.list();
    await identity.openid.providers.update(known!.id, inputFor("corp"));
    await begin(identity);
    identity.clock.advance(11 * 60_000);
    await begin(identity);
    assert.equal(discoveries() - before, 3);
    assert.deepEqual(await identity.openid.reload(), { reloaded: 1, failed: 0 });
  });

  test("is closed for providers that there are not, or that are off", async () => {
    await using identity = await openWith();
    await identity.openid.providers.create({ ...inputFor("off"), isEnabled: false });
    for (const slug of ["off", "none", "CORP", "x".repeat(5_000)])
      await assert.rejects(identity.openid.begin(slug, redirectUri), refused("not_found"));
  });
});

describe("the way back", () => {
  test("is open for the browser that was sent there, once and for five minutes", async () => {
    await using identity = await openWith();
    const begun = await begin(identity);
    const late = await begin(identity);
    assert.equal((await identity.openid.complete("corp", begun)).user.username, "a");
    const asked = provider.asked.length;
    await assert.rejects(identity.openid.complete("corp", begun), refused("unauthenticated"));
    assert.equal(provider.asked.length, asked, "the provider is not bothered with what was used");
    identity.clock.advance(5 * 60_000);
    await assert.rejects(identity.openid.complete("corp", late), refused("unauthenticated"));
  });

  test("is open for one of two that come with the same at once, on whatever replica", async () => {
    await using identity = await openWith();
    const replica = await identity.replica();
    const begun = await begin(identity);
    const outcomes = await Promise.allSettled([identity, replica].map(({ openid }) => openid.complete("corp", begun)));
    assert.deepEqual(outcomes.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
  });

  test("is closed for what was not sealed here, for this provider, as it is set up now", async () => {
    await using identity = await openWith();
    await identity.openid.providers.create(inputFor("other"));
    await identity.users.create({ username: "ada", roles: ["admin"] });
    const { id } = await identity.users.get("ada");
    const session = await identity.sessions.open(id, { api: "test", refresh: true });
    const { ticket } = await identity.tickets.issue(await identity.authenticator.authenticate(session.token));
    const [begun, another] = [await begin(identity), await begin(identity)];
    const { sealed } = begun;
    for (const forged of [
      ...["", "x", "v1.", `${sealed}A`, sealed.slice(0, -2), sealed.toLowerCase(), "A".repeat(100_000)],
      ...[another.sealed, session.token, session.refreshToken!, ticket],
      (await begin(identity, "other")).sealed,
    ])
      await assert.rejects(identity.openid.complete("corp", { ...begun, sealed: forged }), refused("unauthenticated"));
    for (const state of [undefined, "", "x", another.parameters.get("state")!]) {
      const parameters = new URLSearchParams({ code: "x", ...(state !== undefined && { state }) });
      await assert.rejects(identity.openid.complete("corp", { ...begun, parameters }), refused("unauthenticated"));
    }
    // And what browsers keep opens nothing else.
    await assert.rejects(identity.authenticator.authenticate(sealed), refused("unauthenticated"));
    await assert.rejects(identity.sessions.refresh(sealed), refused("unauthenticated"));
    await assert.rejects(identity.tickets.redeem(sealed), refused("unauthenticated"));

    const [known] = await identity.openid.providers.list();
    await identity.openid.providers.update(known!.id, inputFor("corp", `${provider.issuer}/other`));
    await assert.rejects(identity.openid.complete("corp", begun), refused("unauthenticated"));
  });

  test("says that the provider has refused, in no words but a known code", async () => {
    await using identity = await openWith();
    for (const [error, shown] of [
      ["access_denied", /access_denied/],
      ["Call +1 555 and tell your password", /it says an error\.$/],
    ] as const) {
      const begun = await begin(identity);
      const state = begun.parameters.get("state")!;
      const parameters = new URLSearchParams({ error, state, error_description: "phish" });
      await assert.rejects(
        identity.openid.complete("corp", { ...begun, parameters }),
        (thrown) => isYardError(thrown, "forbidden") && shown.test(thrown.message) && !/phish/.test(thrown.message),
      );
    }
  });

  test("shows the secret where the provider wants it, and does without what it does not have", async () => {
    await using identity = await openWith();
    provider.metadata = {
      token_endpoint_auth_methods_supported: ["client_secret_post", "none"],
      userinfo_endpoint: undefined,
    };
    assert.equal((await signIn(identity)).as, "new");
    assert.deepEqual(provider.asked.slice(-2), ["/token", "/jwks"]);
  });

  test("is closed with a code that was given to another browser", async () => {
    await using identity = await openWith();
    const [mine, theirs] = [await begin(identity), await begin(identity)];
    mine.parameters.set("code", theirs.parameters.get("code")!);
    await assert.rejects(identity.openid.complete("corp", mine), refused("unavailable", /invalid_grant/));
    const mixed = await begin(identity);
    mixed.parameters.set("iss", "https://evil.example");
    await assert.rejects(identity.openid.complete("corp", mixed), refused("unavailable"));
  });
});

const now = () => Math.floor(Date.now() / 1_000);
describe("a provider", () => {
  let identity: TestIdentity;
  before(async () => {
    identity = await openWith();
  });
  after(() => identity[Symbol.asyncDispose]());

  for (const [what, lie] of [
    ["a nonce that was not asked for", { lies: { nonce: "another" } }],
    ["no nonce", { lies: { nonce: undefined } }],
    ["the word of another issuer", { lies: { iss: "https://evil.example" } }],
    ["a token for another client", { lies: { aud: "another" } }],
    ["a token that has expired", { lies: { exp: 1 } }],
    ["a token of tomorrow", { lies: { nbf: now() + 86_400 } }],
    ["no subject", { lies: { sub: undefined } }],
    ["a subject with a line feed", { lies: { sub: "1\n2" }, userinfo: { sub: "1\n2" } }],
    ["a key that it does not publish", { signsWithAnotherKey: true }],
    ["userinfo of somebody else", { userinfo: { sub: "2" } }],
    ["the name of another issuer for its own", { metadata: { issuer: "https://evil.example" } }],
    ["a page of another kind", { metadata: { authorization_endpoint: "javascript:alert(1)" } }],
    ["a token endpoint without TLS elsewhere", { metadata: { token_endpoint: "http://login.example/token" } }],
    ["a token endpoint in a private network", { metadata: { token_endpoint: "https://169.254.169.254/latest" } }],
  ] as const)
    test(`is not believed with ${what}`, async () => {
      Object.assign(provider, lie);
      await identity.openid.reload();
      await assert.rejects(signIn(identity), (error) => {
        assert.ok(isYardError(error, "unavailable"), String(error));
        assert.ok(!error.message.includes(provider.client.secret));
        return true;
      });
      assert.deepEqual(await identity.users.list(), []);
    });

  test("is believed once it is honest", async () => {
    await identity.openid.reload();
    assert.equal((await signIn(identity)).as, "new");
  });
});

describe("a provider that does not answer as it should", () => {
  const answers = {
    "with an error": [500, "oops"],
    "with no JSON": [200, "<html>"],
    "with too much": [200, "x".repeat(2_000_000)],
    "with the way to elsewhere": [302, ""],
    "with a wrong client": [401, '{"error":"invalid_client"}'],
  } as const;
  for (const [how, [status, body]] of Object.entries(answers))
    test(`but ${how} is told so, at every step`, async () => {
      await using identity = await openWith();
      for (const path of ["/.well-known/openid-configuration", "/token", "/jwks", "/userinfo"]) {
        await identity.openid.reload();
        const begun = path.startsWith("/.") ? undefined : await begin(identity);
        provider.intercept = ({ url }, response) => {
          if (url !== path) return false;
          const headers = { "content-type": "application/json", location: "http://169.254.169.254/" };
          response.writeHead(status, headers).end(body);
          return true;
        };
        const attempt = begun
          ? identity.openid.complete("corp", begun)
          : identity.openid.reload().then(() => identity.openid.begin("corp", redirectUri));
        await assert.rejects(attempt, refused("unavailable"), path);
        provider.intercept = undefined;
      }
      assert.equal((await signIn(identity)).as, "new");
    });

  test("in time, or is not there, is told so", async () => {
    await using identity = await openWith({ timeoutMs: 50 });
    provider.intercept = () => true;
    await assert.rejects(identity.openid.begin("corp", redirectUri), refused("unavailable", /no answer within 0.05 s/));
    assert.deepEqual(await identity.openid.reload(), { reloaded: 0, failed: 1 });
    provider.intercept = undefined;
    await identity.openid.providers.create(inputFor("gone", "http://127.0.0.1:1"));
    await assert.rejects(identity.openid.begin("gone", redirectUri), refused("unavailable", /ECONNREFUSED/));
    assert.deepEqual(await identity.openid.reload(), { reloaded: 1, failed: 1 });
  });
});

describe("a look for a provider", () => {
  test("tells where it is asked what", async () => {
    await using identity = await openWith();
    const { issuer } = provider;
    assert.deepEqual(await identity.openid.discover(issuer), {
      ...{ issuer, authorization: `${issuer}/authorize`, token: `${issuer}/token`, userinfo: `${issuer}/userinfo` },
    });
  });

  test("reaches the internet, and of other networks those that are allowed", async () => {
    const resolve = async (name: string) => [
      { address: name === "rebound.example" ? "127.0.0.1" : "10.1.2.3", family: 4 as const },
    ];
    await using identity = await openWith({ allowNetworks: new BlockList(), resolve });
    for (const host of [
      ...["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1", "017700000001", "[::ffff:127.0.0.1]"],
      ...["169.254.169.254", "100.64.0.1", "[fe80::1]", "[fc00::1]", "login.example", "rebound.example"],
    ])
      await assert.rejects(
        identity.openid.discover(`https://${host}:9/`),
        refused("unavailable", /which openid\.allow-networks does not allow/),
        host,
      );
    await assert.rejects(identity.openid.discover("http://login.example"), refused("invalid"));
  });

  test("asks nobody without TLS whose name only looks like this machine's", async () => {
    const resolve = async () => [{ address: "93.184.215.14", family: 4 as const }];
    await using identity = await openWith({ resolve });
    await assert.rejects(identity.openid.discover("http://localhost:9"), refused("unavailable", /without TLS/));
  });
});
