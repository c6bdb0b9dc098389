/** What a page of the console looks like: a picture for people, and for programs what they can check of it. */
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";
import type { Look } from "./console-browser.ts";
import { pictures } from "./page-record.ts";

/** Both themes, one of them as on a telephone. */
export const looks = [
  { theme: "light", width: 1280 },
  { theme: "dark", width: 390 },
] as const satisfies readonly Look[];

/** For the name of a test. */
export const nameOf = ({ theme, width }: Look): string => `${theme}, ${width} px`;

/** Takes its picture; it is accessible, and not wider than the screen. */
export async function inspect(page: Page, name: string, look: Look): Promise<void> {
  await takePicture(page, `${name}-${look.theme}-${look.width}`);
  await assertAccessible(page, `${name} (${nameOf(look)})`);
  const overflow = await page.evaluate<number>("document.documentElement.scrollWidth - window.innerWidth");
  assert.ok(overflow <= 0, `${name} (${nameOf(look)}) is ${overflow} px wider than the screen`);
}

/** For people to look at. */
export async function takePicture(page: Page, name: string): Promise<void> {
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${name}.png`) });
}

/** What a page is by the rules of WCAG 2.2 AA that a program can check: nothing is wrong. */
export async function assertAccessible(page: Page, what: string): Promise<void> {
  if (!(await page.evaluate<boolean>("'axe' in window"))) {
    const source = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
    await page.evaluate(source); // not as an element of the page: its security policy forbids that, rightly
  }
  const { violations } = await page.evaluate((): Promise<AxeResults> => {
    const { axe } = globalThis as unknown as { axe: { run(options: object): Promise<AxeResults> } };
    return axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] });
  });
  const told = violations.map(
    ({ id, help, nodes }) =>
      `${id}: ${help}\n    ${nodes.map(({ html, any }) => `${html.slice(0, 160)} ${any[0]?.message ?? ""}`).join("\n    ")}`,
  );
  assert.deepEqual(told, [], `${what} is accessible`);
}
