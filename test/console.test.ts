/** The console in a real browser: signing in, a first app, its log, a server that restarts, and no mouse. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as OTPAuth from "otpauth";
import { until } from "../src/platform/testing/until.ts";
import { noBrowser, signIn } from "./support/console-browser.ts";
import { useConsole } from "./support/console-suite.ts";
import { freePort } from "./support/network.ts";
import { adminPassword, startYard } from "./support/yard-process.ts";

/** The same address for all lives of the yard, as a browser knows it by that. */
const tested = useConsole(async () => startYard(["--listen", `127.0.0.1:${await freePort()}`]));
const { asAdmin, open, visit } = tested;
const options = { skip: noBrowser, timeout: 120_000 };

test("a wrong password is refused in words, the right one lets in, and signing out ends it", options, async (t) => {
  const page = await open(t);
  await signIn(page, tested.yard.url, "wrong");
  await page.getByRole("alert").waitFor();
  assert.match(await page.getByRole("alert").innerText(), /\w/);
  await page.getByLabel("Password").fill(adminPassword);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  await page.getByRole("button", { name: "admin" }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  assert.equal(await page.evaluate(() => localStorage.getItem("runyard.session")), null);
});

test("a first app takes one click, and its log is followed, filtered and linked", options, async (t) => {
  const page = await visit(t);
  await page.getByRole("button", { name: "First app" }).click();
  await page.getByRole("heading", { name: "hello" }).waitFor();
  const log = page.getByRole("log");
  await log.getByText("Hello from Runyard").nth(1).waitFor();
  await page.getByRole("searchbox").fill("/it is \\d+:/");
  await page.getByText(/^\d+ of \d+ lines$/).waitFor();
  await page.getByRole("searchbox").fill("no such thing");
  await page.getByText(/^0 of \d+ lines$/).waitFor();
  await page.getByRole("searchbox").fill("");
  await page.getByRole("button", { name: "Line 2", exact: true }).click();
  assert.match(page.url(), /#L2$/);
  await page.reload();
  await log.locator("[aria-current=true]").waitFor();
});

test("what an app prints stays text", options, async (t) => {
  const command = String.raw`printf '<img src=x onerror="document.title=1">\n\033]0;owned\007\033]8;;javascript:alert(1)\033\\link\n'; sleep 60`;
  await asAdmin("PUT", "/appmesh/app/hostile", { command, shell: true, status: 1, description: "<b>bold</b>" });
  const page = await visit(t, "/apps/hostile");
  await page.getByRole("log").getByText("<img src=x").waitFor();
  await page.getByText("<b>bold</b>").waitFor();
  assert.equal(await page.getByRole("log").locator("img, a, b, script").count(), 0);
  assert.equal(await page.title(), "hostile · Runyard");
});

test("the page outlives a restart of the server: it says what is old, and goes on by itself", options, async (t) => {
  const page = await visit(t, "/apps/hello");
  await page.getByText("live", { exact: true }).waitFor();
  await tested.yard.kill();
  await page.getByText(/last seen \d+ s ago/).waitFor();
  await page.getByText("connection lost").waitFor();
  const before = await page.getByRole("status").filter({ hasText: "lines" }).innerText();
  await tested.yard.start();
  await page.getByText("live", { exact: true }).waitFor();
  await page.getByText(/last seen/).waitFor({ state: "detached" });
  const count = async () =>
    Number.parseInt((await page.getByRole("status").filter({ hasText: "lines" }).innerText()).replace(/\D/g, ""), 10);
  const kept = Number.parseInt(before.replace(/\D/g, ""), 10);
  await until(async () => (await count()) > kept, { what: "the log goes on", timeoutMs: 20_000 });
});

test("everything of apps can be done without a mouse", options, async (t) => {
  const page = await open(t);
  await page.goto(`${tested.yard.url}/console`);
  await page.getByLabel("User or e-mail address").waitFor();
  await page.keyboard.type("admin");
  await page.keyboard.press("Tab");
  await page.keyboard.type(adminPassword);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  await page.keyboard.press("Control+k");
  await page.keyboard.type("apps");
  await page.keyboard.press("Enter");
  await page.getByRole("row", { name: /hello/ }).waitFor();
  await page.keyboard.press("Control+k");
  await page.keyboard.type("hell");
  await page.getByRole("option", { name: /hello/ }).waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "hello" }).waitFor();
  await page.getByRole("button", { name: "Delete…" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("alertdialog").waitFor();
  assert.equal(await page.evaluate("document.activeElement?.textContent"), "Cancel", "Enter alone loses nothing");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Apps" }).waitFor();
  await page.getByRole("row", { name: /hello/ }).waitFor({ state: "detached" });
  assert.equal((await asAdmin("GET", "/appmesh/app/hello")).status, 404);
});

test("two tabs renew one login, and neither loses it", options, async (t) => {
  const page = await visit(t);
  // As if the token's time were over.
  await page.evaluate(() => {
    const kept = JSON.parse(localStorage.getItem("runyard.session")!) as object;
    localStorage.setItem("runyard.session", JSON.stringify({ ...kept, renewAt: 0 }));
  });
  const other = await page.context().newPage();
  await Promise.all([page.goto(`${tested.yard.url}/console/apps`), other.goto(`${tested.yard.url}/console/apps`)]);
  for (const tab of [page, other]) await tab.getByRole("heading", { name: "Apps" }).waitFor();
});

test("with a second factor a code is asked for", options, async (t) => {
  const started = await asAdmin("POST", "/api/v1/mfa/enroll/start");
  const { secret } = (await started.json()) as { secret: string };
  const totp = new OTPAuth.TOTP({ secret: OTPAuth.Secret.fromBase32(secret) });
  const verified = await asAdmin("POST", "/api/v1/mfa/enroll/verify", { code: totp.generate() });
  assert.equal(verified.status, 200, await verified.clone().text());
  const {
    recovery_codes: [recovery],
  } = (await verified.json()) as { recovery_codes: [string] };
  const page = await open(t);
  await signIn(page, tested.yard.url, adminPassword);
  await page.getByLabel("Code").fill("000000");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").waitFor();
  await page.getByLabel("Code").fill(recovery);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Overview" }).waitFor();
});
