/** Every page of the console in both themes and on a narrow screen: accessible, and with a picture for people to look at. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { type Look, noBrowser, signIn } from "./support/console-browser.ts";
import { inspect, nameOf } from "./support/console-looks.ts";
import { useConsole } from "./support/console-suite.ts";
import { openTestYard } from "./support/yard-in-process.ts";
import { adminPassword } from "./support/yard-process.ts";

const tested = useConsole(openTestYard);

interface Place {
  readonly name: string;
  readonly path: string;
  /** Until what it shows is there. */
  ready(page: Page): Promise<void>;
}

/** In this order; the first ones are of a yard where nothing is yet. */
const places: readonly Place[] = [
  { name: "overview-first", path: "/", ready: (page) => page.getByRole("button", { name: "First app" }).waitFor() },
  { name: "apps-empty", path: "/apps", ready: (page) => page.getByText("There are no apps yet").waitFor() },
];
const placesWithApps: readonly Place[] = [
  { name: "overview", path: "/", ready: (page) => page.getByText("Wrong now").waitFor() },
  { name: "apps", path: "/apps", ready: (page) => page.getByRole("row", { name: /web/ }).waitFor() },
  { name: "app", path: "/apps/web", ready: (page) => page.getByRole("log").getByText("listening").waitFor() },
  { name: "app-unknown", path: "/apps/none", ready: (page) => page.getByText("There is no app").waitFor() },
  { name: "nowhere", path: "/nowhere", ready: (page) => page.getByText("There is no such page").waitFor() },
];
const everyLook: readonly Look[] = [
  { theme: "light", width: 1280 },
  { theme: "dark", width: 1280 },
  { theme: "light", width: 390 },
  { theme: "dark", width: 390 },
];

async function putApp(name: string, definition: object): Promise<void> {
  const reply = await tested.asAdmin("PUT", `/appmesh/app/${name}`, { shell: true, status: 1, ...definition });
  assert.ok(reply.ok, `${name}: ${reply.status}`);
}

for (const look of everyLook)
  test(`every page is accessible: ${nameOf(look)}`, { skip: noBrowser, timeout: 170_000 }, async (t) => {
    const page = await tested.open(t, look);
    await page.goto(`${tested.yard.url}/console`);
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    await inspect(page, "sign-in", look);
    await signIn(page, tested.yard.url, adminPassword);
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    for (const place of places) await visit(page, place, look);
    await putApp("web", { command: "printf 'listening on \\033[32m:8080\\033[0m\\n'; sleep 600" });
    await putApp("broken", { command: "echo no; exit 3" });
    for (const place of placesWithApps) await visit(page, place, look);
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox").fill("we");
    await page.getByRole("option", { name: /web/ }).waitFor();
    await inspect(page, "palette", look);
    await page.keyboard.press("Escape");
    await page.goto(`${tested.yard.url}/console/apps`);
    await page.getByRole("button", { name: "New app" }).click();
    await page.getByRole("dialog").waitFor();
    await inspect(page, "new-app", look);
    await page.goto(`${tested.yard.url}/console/apps/web`);
    await page.getByRole("button", { name: "Delete…" }).click();
    await page.getByRole("alertdialog").waitFor();
    await inspect(page, "app-delete", look);
    await page.getByRole("button", { name: "Delete", exact: true }).click();
    await page.getByRole("row", { name: /broken/ }).click();
    await page.getByRole("button", { name: "Delete…" }).click();
    await page.getByRole("button", { name: "Delete", exact: true }).click();
    await page.getByText("There are no apps yet").waitFor();
  });

async function visit(page: Page, { name, path, ready }: Place, look: Look): Promise<void> {
  await page.goto(`${tested.yard.url}/console${path}`);
  await ready(page);
  await inspect(page, name, look);
}
