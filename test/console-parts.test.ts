/** The console's code comes in parts, each when it is needed: across a line that breaks, an upgrade of the yard, and a page that is left before it is there. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Page } from "playwright-core";
import { noBrowser } from "./support/console-browser.ts";
import { useConsole } from "./support/console-suite.ts";
import { openTestYard } from "./support/yard-in-process.ts";

const tested = useConsole(openTestYard);
const options = { skip: noBrowser, timeout: 60_000 };

async function openOverview(t: TestContext): Promise<Page> {
  const page = await tested.visit(t);
  await page.waitForLoadState("networkidle"); // what has come is not asked for again
  return page;
}

const follow = (page: Page, name: string) => page.getByRole("link", { name, exact: true }).first().click();

/** All that has not been loaded yet. */
const parts = /\/console\/assets\/.*\.(js|css)$/;

test("a page whose part was lost on the way is shown all the same", options, async (t) => {
  const page = await openOverview(t);
  let isLost = true;
  await page.route(parts, (route) => (isLost ? route.abort() : route.continue()));
  await page.route(/\/console\/$/, (route) => {
    isLost = false;
    return route.continue();
  });
  await follow(page, "Tasks");
  await page.getByRole("heading", { name: "Tasks", exact: true }).waitFor();
  assert.equal(isLost, false, "it was lost once");
});

test("a page that was opened before an upgrade of the yard becomes the new console", options, async (t) => {
  const page = await openOverview(t);
  await page.evaluate(() => Object.assign(globalThis, { isOld: true }));
  await page.route(parts, (route) => route.fulfill({ status: 404 }));
  await page.route(/\/console\/$/, async (route) => {
    await page.unroute(parts); // those of its own it has
    await route.fulfill({ contentType: "text/html", body: '<script type="module" src="/console/assets/newer.js">' });
  });
  await follow(page, "Tasks");
  await page.getByRole("heading", { name: "Tasks", exact: true }).waitFor();
  assert.equal(await page.evaluate(() => "isOld" in globalThis), false);
});

test("a page that is left while its parts are on their way says nothing of that", options, async (t) => {
  const page = await openOverview(t);
  const asked = Promise.withResolvers<void>();
  await page.route(parts, () => asked.resolve()); // and never answered
  await follow(page, "Scripts");
  await asked.promise;
  await page.goto(`${tested.yard.url}/healthz`);
  assert.match(await page.innerText("body"), /ok/);
});
