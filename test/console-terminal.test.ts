/** A terminal in the browser, on a real shell in a capsule: what is typed arrives, its size follows the page, and what programs print draws and does nothing else. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { skip as noSandbox } from "./support/capsule-yard.ts";
import { noBrowser } from "./support/console-browser.ts";
import { useConsole } from "./support/console-suite.ts";
import { openTestYard } from "./support/yard-in-process.ts";

const skip = noBrowser || noSandbox;
const { visit } = useConsole(openTestYard, skip);

async function type(page: Page, line: string): Promise<void> {
  await page.getByRole("textbox", { name: /Terminal/ }).focus();
  await page.keyboard.type(line);
  await page.keyboard.press("Enter");
}

/** What the terminal shows, by its rows. */
const shown = (page: Page, text: string | RegExp) => page.locator(".xterm").getByText(text).first();

test("keys arrive, the size follows, and hostile output stays what it looks like", {
  skip,
  timeout: 120_000,
}, async (t) => {
  const page = await visit(t);
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.getByRole("button", { name: "First capsule" }).click();
  await page.getByRole("heading", { name: /^cl-/ }).waitFor();
  await page.getByRole("link", { name: "Terminal" }).click();
  await page.getByText("open", { exact: true }).waitFor();

  await type(page, "echo columns-$(tput cols 2>/dev/null || stty size | cut -d' ' -f2)-");
  const wide = await columnsShown(page, /^columns-\d+-/);
  await page.setViewportSize({ width: 700, height: 800 });
  await type(page, "echo narrow-$(stty size | cut -d' ' -f2)-");
  const narrow = await columnsShown(page, /^narrow-\d+-/);
  assert.ok(narrow < wide, `${narrow} columns where there were ${wide}`);

  const title = await page.title();
  await page.evaluate(`navigator.clipboard.writeText("mine")`);
  const pages = page.context().pages().length;
  await type(
    page,
    String.raw`printf '\033]0;owned\007\033]52;c;b3duZWQ=\007\033]8;;https://evil.example/\033\\press-me\033]8;;\033\\\n<img src=x onerror=alert(1)>\n'`,
  );
  await shown(page, /^press-me$/).waitFor();
  await shown(page, /^<img src=x/).waitFor();
  await shown(page, /^press-me$/).click({ force: true });
  assert.equal(await page.title(), title, "no title is set");
  assert.equal(await page.evaluate("navigator.clipboard.readText()"), "mine", "the clipboard is not reached");
  assert.equal(page.context().pages().length, pages, "no link is opened");
  assert.equal(await page.locator(".xterm img").count(), 0);
});

async function columnsShown(page: Page, text: RegExp): Promise<number> {
  const line = shown(page, text);
  await line.waitFor();
  return Number((await line.innerText()).match(/\d+/)?.[0]);
}
