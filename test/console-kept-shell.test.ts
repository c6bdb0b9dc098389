/** A terminal in a container, in the browser, across what would end it elsewhere: a reload, a line that breaks, a look at another page. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Page } from "playwright-core";
import { noBrowser, signIn } from "./support/console-browser.ts";
import { useVisitors } from "./support/console-suite.ts";
import { type CutLine, openCutLine } from "./support/cut-line.ts";
import { skipWithoutDocker } from "./support/docker.ts";
import { useDockmeshYard } from "./support/dockmesh.ts";
import { useTestEngine } from "./support/test-containers.ts";
import { adminPassword } from "./support/yard-process.ts";

describe("A container's terminal in the console", { skip: noBrowser || skipWithoutDocker() }, () => {
  const tested = useTestEngine();
  const yard = useDockmeshYard(() => ({ "docker-socket": tested.docker.socketPath }));
  const { open } = useVisitors(() => yard.url);
  let line: CutLine;
  let containerId: string;
  before(async () => {
    line = await openCutLine(yard.url);
    containerId = await tested.containers.run("box", ["sleep", "1000"], { StopTimeout: 0 });
  });
  after(() => line?.[Symbol.asyncDispose]());

  const isOpen = (page: Page) => page.getByText("open", { exact: true }).waitFor();
  const shows = (page: Page, text: string) =>
    page.locator(".xterm-rows").getByText(text, { exact: true }).first().waitFor();
  async function type(page: Page, command: string): Promise<void> {
    await page.getByRole("textbox", { name: "Terminal in box" }).focus();
    await page.keyboard.type(`${command}\n`);
  }

  test("goes on after each of them, with what it showed", { timeout: 90_000 }, async (t) => {
    const page = await open(t);
    await signIn(page, line.url, adminPassword);
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    await page.goto(`${line.url}/console/containers/local/${containerId}/terminal`);
    await isOpen(page);
    await type(page, "mark=kept; echo be''fore");
    await shows(page, "before");

    await page.reload();
    await shows(page, "before");
    await type(page, "echo reloaded-$mark");
    await shows(page, "reloaded-kept");

    line.cut();
    await page.getByText("away", { exact: true }).waitFor();
    line.mend();
    await isOpen(page);
    await type(page, "echo mended-$mark");
    await shows(page, "mended-kept");
    const rows = page.locator(".xterm-rows > div").filter({ hasText: /^before$/ });
    assert.equal(await rows.count(), 1, "nothing is shown twice");

    await page.getByRole("link", { name: "Usage" }).click();
    await page.getByRole("link", { name: "Terminal" }).click();
    await shows(page, "before");
    await type(page, "echo back-$mark");
    await shows(page, "back-kept");

    await page.getByRole("button", { name: "Begin anew" }).click();
    await isOpen(page);
    await type(page, "echo anew-$(echo $mark)-");
    await shows(page, "anew--");
    await type(page, "exit");
    await page.getByText("ended", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Open again" }).click();
    await isOpen(page);
  });
});
