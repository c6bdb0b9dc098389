/** What the console shows follows the yard by itself: by news over the socket, through an end of the login or a change of rights, and across a line that breaks. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { Page } from "playwright-core";
import { noBrowser, signIn } from "./support/console-browser.ts";
import { useConsole } from "./support/console-suite.ts";
import { type CutLine, openCutLine } from "./support/cut-line.ts";
import { type Caller, callerOf } from "./support/dockmesh.ts";
import { openTestYard } from "./support/yard-in-process.ts";
import { adminPassword } from "./support/yard-process.ts";

let admin: Caller;
let line: CutLine;
const tested = useConsole(async () => {
  const opened = await openTestYard();
  admin = await callerOf(opened, "admin");
  line = await openCutLine(opened.url);
  return opened;
});
const { open } = tested;
after(() => line?.[Symbol.asyncDispose]());

const options = { skip: noBrowser, timeout: 120_000 };

async function putApp(name: string): Promise<void> {
  const reply = await tested.asAdmin("PUT", `/appmesh/app/${name}`, { command: "sleep 600", status: 1 });
  assert.ok(reply.ok, await reply.text());
}

/** What comes over the socket of news and which lists are read, in their order. */
function recordNews(page: Page): readonly string[] {
  const seen: string[] = [];
  page.on("websocket", (socket) => {
    socket.on("framereceived", ({ payload }) => {
      const { topic, subscribed } = JSON.parse(String(payload)) as { topic?: string; subscribed?: readonly string[] };
      if (topic !== undefined) seen.push(`news of ${topic}`);
      if (subscribed?.includes("apps")) seen.push("subscribed");
    });
  });
  page.on("request", (request) => {
    if (new URL(request.url()).pathname === "/yard/v1/apps") seen.push("read");
  });
  return seen;
}

test("a change is shown because the yard has told of it, not because the page has looked again", options, async (t) => {
  const page = await open(t);
  const seen = recordNews(page);
  await signIn(page, tested.yard.url, adminPassword);
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  await page.getByRole("link", { name: "Apps" }).first().click();
  await page.getByText("There are no apps yet").waitFor();
  await page.waitForFunction("document.title.startsWith('Apps')");
  await putApp("told");
  await page.getByRole("row", { name: /told/ }).waitFor();
  const told = seen.indexOf("news of apps");
  assert.ok(seen.indexOf("subscribed") >= 0 && told > seen.indexOf("subscribed"), seen.join(", "));
  assert.ok(seen.indexOf("read", told) > told, `what was told of is read: ${seen.join(", ")}`);
});

test("a login that ended elsewhere leads to the sign-in, which says why", options, async (t) => {
  const page = await open(t);
  const opening = liveSocket(page);
  await signIn(page, tested.yard.url, adminPassword);
  const socket = await opening;
  const kept = await page.evaluate(() => localStorage.getItem("runyard.session"));
  const { refreshToken } = JSON.parse(kept ?? "{}") as { refreshToken: string };
  await admin.ask("POST", "/auth/logout", { refresh_token: refreshToken });
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  assert.match(await page.getByRole("alert").innerText(), /login has ended/i);
  assert.ok(socket.isClosed());
});

test("a change of what one may do is offered at once, without a reload", options, async (t) => {
  await admin.expect(201, "POST", "/users", { username: "vera", password: adminPassword, role: "viewer" });
  const [vera] = (await admin.expect<readonly { id: string; username: string }[]>(200, "GET", "/users")).filter(
    ({ username }) => username === "vera",
  );
  const page = await open(t);
  const opening = liveSocket(page);
  await signIn(page, tested.yard.url, adminPassword, "vera");
  await opening;
  const pages = page.getByRole("navigation", { name: "Pages" });
  await pages.getByRole("link", { name: "Overview" }).waitFor();
  assert.equal(await pages.getByRole("link", { name: "Apps" }).count(), 0);
  await admin.expect(200, "PUT", `/users/${vera?.id}`, { role: "admin" });
  await pages.getByRole("link", { name: "Apps" }).waitFor();
});

test("a line that breaks is said, with the age of what is shown, and taken up again", options, async (t) => {
  const page = await open(t);
  await signIn(page, line.url, adminPassword);
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  await page.getByRole("link", { name: "Apps" }).first().click();
  await page.getByRole("row", { name: /told/ }).waitFor();
  line.cut();
  await page.getByText(/last seen \d+ s ago/).waitFor();
  assert.equal(await page.locator("[data-stale]").count(), 1, "nothing stale looks fresh");
  await putApp("meanwhile");
  line.mend();
  await page.getByRole("row", { name: /meanwhile/ }).waitFor();
  await page.getByText(/last seen/).waitFor({ state: "detached" });
  assert.equal(await page.locator("[data-stale]").count(), 0);
});

/** Once it is open. */
async function liveSocket(page: Page) {
  const socket = await page.waitForEvent("websocket", (each) => each.url().includes("/yard/v1/live"));
  await socket.waitForEvent("framereceived");
  return socket;
}
