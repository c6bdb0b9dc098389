/** Signing in to the console by an OpenID provider, in a real browser. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { noBrowser } from "./support/console-browser.ts";
import { useConsole } from "./support/console-suite.ts";
import { callerOf } from "./support/dockmesh.ts";
import { type OpenIdProviderServer, startOpenIdProvider } from "./support/openid-provider.ts";
import { openTestYard } from "./support/yard-in-process.ts";

let provider: OpenIdProviderServer;
const tested = useConsole(async () => {
  const opened = await openTestYard({ "openid-allow-networks": "127.0.0.0/8" });
  provider = await startOpenIdProvider([`${opened.url}/api/v1/auth/oidc/corp/callback`]);
  provider.people.set("ada", { email: "ada@corp.example", email_verified: true, preferred_username: "ada" });
  const { id: client_id, secret: client_secret } = provider.client;
  const admin = await callerOf(opened, "admin");
  await admin.expect(201, "POST", "/oidc/providers", {
    ...{ slug: "corp", display_name: "Corp", issuer_url: provider.issuer, client_id, client_secret },
    ...{ default_role: "viewer", enabled: true },
  });
  return opened;
});
after(() => provider?.[Symbol.asyncDispose]());

const options = { skip: noBrowser, timeout: 120_000 };

test("a provider signs in, and leaves no token in the address", options, async (t) => {
  const page = await tested.open(t);
  await page.goto(`${tested.yard.url}/console`);
  await page.getByRole("link", { name: "Sign in by Corp" }).click();
  await page.locator("input[name=login]").fill("ada");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  await page.getByRole("button", { name: "ada" }).waitFor();
  assert.doesNotMatch(page.url(), /sso_|token/);
  await page.reload();
  await page.getByRole("heading", { name: "Overview" }).waitFor();
});

test("a refusal of the provider is told at the sign-in", options, async (t) => {
  const page = await tested.open(t);
  await page.goto(`${tested.yard.url}/console`);
  await page.getByRole("link", { name: "Sign in by Corp" }).click();
  await page.locator("input[name=login]").waitFor();
  await page.keyboard.press("Tab");
  await page.locator("input[name=login]").press("Enter");
  await page.getByRole("alert").waitFor();
  assert.match(await page.getByRole("alert").innerText(), /\w/);
  assert.doesNotMatch(page.url(), /sso_/);
});
