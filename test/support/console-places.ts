/** Places of the console, one after the other, as people see them: on wide and narrow screens. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { until } from "../../src/platform/testing/until.ts";
import { inspect } from "./console-looks.ts";

/** Where, the page's title there, and what is opened over it: the names of buttons and menu items, and a `row `, one after the other. */
export type Place = readonly [path: string, title: string, opened?: readonly string[]];

export const widths = [1280, 390] as const;
/** One for each width: together they find nearly all, in half of the time. `RUNYARD_TEST_LOOKS=all` has both for each. */
const themesOf = (width: number): readonly ("light" | "dark")[] => {
  if (process.env.RUNYARD_TEST_LOOKS === "all") return ["light", "dark"];
  return width === widths[0] ? ["light"] : ["dark"];
};

/** All of them are looked at, whatever is wrong with the first. @param page of somebody who has signed in, this wide */
export async function inspectPlaces(page: Page, places: readonly Place[], width: number): Promise<void> {
  const faults: unknown[] = [];
  for (const place of places) {
    await open(page, place);
    for (const theme of themesOf(width)) {
      await page.emulateMedia({ colorScheme: theme });
      await inspect(page, nameOf(place), { theme, width }).catch((fault: unknown) => faults.push(fault));
    }
    await closeDialogs(page);
  }
  assert.deepEqual(faults, []);
}

async function open(page: Page, [path, title, opened = []]: Place): Promise<void> {
  await page.evaluate(`history.pushState(null, "", "/console${path}")`); // quicker than a load
  await page.getByRole("heading", { level: 1, name: title }).waitFor();
  await settle(page, path);
  for (const name of opened) await named(page, name).click();
  await settle(page, path);
}

async function settle(page: Page, path: string): Promise<void> {
  await until(async () => (await page.getByText(/^Loading/).count()) === 0, { what: `${path} has come` });
}

function named(page: Page, name: string) {
  if (name.startsWith("row ")) return page.getByRole("row", { name: name.slice(4) }).first();
  return page.getByRole("button", { name }).or(page.getByRole("menuitem", { name })).first();
}

/** Of its picture: "stacks-shop-Deploy". Ids of teams differ from run to run. */
function nameOf([path, , opened = []]: Place): string {
  const parts = [path.replace(/team-\w+/, "team"), ...opened.slice(-1)];
  return parts.join("-").replaceAll(/\W+/g, "-").replaceAll(/^-|-$/g, "");
}

async function closeDialogs(page: Page): Promise<void> {
  const dialogs = page.getByRole("dialog");
  while ((await dialogs.count()) > 0) await page.keyboard.press("Escape");
}
