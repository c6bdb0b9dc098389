/** A browser on the console: Debian's Chromium, one for a test file, with a page per test. What a page logs as an error, a breach of its security policy among them,
 *  fails the test that opened it. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import type { TestContext } from "node:test";
import { chromium, type Page } from "playwright-core";
import { buildConsole, isStale } from "../../scripts/build-console.ts";
import { recordPage } from "./page-record.ts";

const program = "/usr/bin/chromium";

/** Why there can be no browser, for a test's `skip`. */
export const noBrowser = existsSync(program) ? false : `there is no ${program}`;

export interface ConsoleBrowser extends AsyncDisposable {
  /** A page of nobody in particular, closed with the test; if that fails, it is told what the page has seen. */
  open(t: TestContext, look?: Look): Promise<Page>;
}

/** How a page is looked at. */
export interface Look {
  readonly theme?: "light" | "dark";
  readonly width?: number;
}

/** Builds the console too, if its sources are newer. */
export async function openConsoleBrowser(): Promise<ConsoleBrowser> {
  if (isStale()) await buildConsole();
  const browser = await chromium.launch({
    executablePath: program,
    args: ["--disable-gpu", ...(process.getuid?.() === 0 ? ["--no-sandbox"] : [])],
  });
  return {
    async open(t, { theme = "light", width = 1280 } = {}) {
      const context = await browser.newContext({
        viewport: { width, height: 800 },
        colorScheme: theme,
        reducedMotion: "reduce",
      });
      const page = await context.newPage();
      page.setDefaultTimeout(30_000);
      const record = recordPage(page);
      t.after(async () => {
        if (!hasPassed(t)) console.error(await record.tell(t.name));
        await context.close();
        assert.deepEqual(record.errors, [], "the page logs no errors");
      });
      return page;
    },
    [Symbol.asyncDispose]: () => browser.close(),
  };
}

/** So far. Node's types do not have it yet. */
function hasPassed(t: TestContext): boolean {
  return "passed" in t && t.passed === true;
}

export async function signIn(page: Page, url: string, password: string, username = "admin"): Promise<void> {
  await page.goto(`${url}/console`);
  // One that has lost its style, as other tests change the machine's network, is about to load itself anew, and what is filled in would be gone.
  await page.waitForFunction("document.styleSheets.length > 0");
  await page.getByLabel("User or e-mail address").fill(username);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}
