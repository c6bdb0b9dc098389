/** A plot in the browser: it is zoomed by dragging and by keys, stays so while it goes on, and shows all again. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { until } from "../src/platform/testing/until.ts";
import { noBrowser } from "./support/console-browser.ts";
import { useConsole } from "./support/console-suite.ts";
import { openTestYard } from "./support/yard-in-process.ts";

const tested = useConsole(() => openTestYard());
const options = { skip: noBrowser, timeout: 60_000 };

/** An hour of load, as of a yard that has been up for long; each reading has another point. */
async function openPlot(page: Page): Promise<void> {
  const stepMs = 30_000;
  let count = 100;
  await page.route(/\/yard\/v1\/overview$/, async (route) => {
    const response = await route.fetch();
    const overview = (await response.json()) as { at: number; load: { points: object[] } };
    count += 1;
    const first = overview.at - 120 * stepMs;
    overview.load.points = Array.from({ length: count }, (_none, index) => ({
      ...{ at: first + index * stepMs, cpuPercent: index, memoryBytes: 2 ** 30, memoryTotalBytes: 2 ** 31 },
    }));
    await route.fulfill({ response, json: overview });
  });
  await page.reload();
  await plotOf(page).waitFor();
}

const plotOf = (page: Page) => page.getByRole("img", { name: /^CPU of all hosts/ });
const zoomed = (page: Page) => page.getByRole("img", { name: /^CPU of all hosts.* Shown: / });
const showsAll = (page: Page) => zoomed(page).waitFor({ state: "detached" });

/** From one part of its width to another. */
async function drag(page: Page, from: number, to: number): Promise<void> {
  const area = plotOf(page).locator(".u-over");
  await area.scrollIntoViewIfNeeded();
  const { x, y, width, height } = (await area.boundingBox()) ?? assert.fail("it is seen");
  await page.mouse.move(x + width * from, y + height / 2);
  await page.mouse.down();
  await page.mouse.move(x + width * to, y + height / 2, { steps: 5 });
  await page.mouse.up();
}

test("dragging zooms in, news change nothing of that, and a double click shows all again", options, async (t) => {
  const page = await tested.visit(t);
  await openPlot(page);
  await showsAll(page);
  await drag(page, 0.25, 0.5);
  await zoomed(page).waitFor();
  const shown = await spanOf(page);
  const before = await labelOf(page);
  await tested.asAdmin("PUT", "/appmesh/app/news", { command: "sleep 600" });
  await until(async () => (await labelOf(page)) !== before, { what: "another point" });
  assert.equal(await spanOf(page), shown);
  await plotOf(page).locator(".u-over").dblclick();
  await showsAll(page);
  await drag(page, 0.6, 0.9);
  await page.getByRole("button", { name: "Show all" }).click();
  await showsAll(page);
});

test("keys zoom in, move and show all again", options, async (t) => {
  const page = await tested.visit(t);
  await openPlot(page);
  await plotOf(page).focus();
  await page.keyboard.press("+");
  await zoomed(page).waitFor();
  const middle = await spanOf(page);
  await page.keyboard.press("ArrowRight");
  await until(async () => (await spanOf(page)) !== middle, { what: "a later span" });
  await page.keyboard.press("Escape");
  await showsAll(page);
  await page.keyboard.press("+");
  await zoomed(page).waitFor();
  await page.keyboard.press("-");
  await showsAll(page);
});

const labelOf = async (page: Page) => (await plotOf(page).getAttribute("aria-label")) ?? "";
const spanOf = async (page: Page) => /Shown: .*/.exec(await labelOf(page))?.[0];
