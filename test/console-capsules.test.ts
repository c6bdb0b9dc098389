/** Capsules in the console: one is made, used by its terminal, its processes and its files, snapshotted, paused and destroyed. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Page } from "playwright-core";
import { skip as noSandbox } from "./support/capsule-yard.ts";
import { noBrowser } from "./support/console-browser.ts";
import { inspect, looks, nameOf, takePicture } from "./support/console-looks.ts";
import { useConsole } from "./support/console-suite.ts";
import { startYard } from "./support/yard-process.ts";

const skip = noBrowser || noSandbox;
const options = { skip, timeout: 120_000 };
const tested = useConsole(startYard, skip);
const { visit } = tested;

/** Of the terminal that is shown, as a screen reader would read it. */
async function typeInTerminal(page: Page, line: string): Promise<void> {
  await page.getByRole("textbox", { name: /Terminal/ }).focus();
  await page.keyboard.type(line);
  await page.keyboard.press("Enter");
}

const terminalText = (page: Page, text: string) => page.locator(".xterm").getByText(text, { exact: false }).first();

test("a capsule is made, and its terminal outlives a reload", options, async (t) => {
  const page = await visit(t, "/capsules");
  await page.getByText("There are no capsules").waitFor();
  await page.getByRole("button", { name: "New capsule" }).first().click();
  await page.getByRole("button", { name: "Make it" }).click();
  await page.getByRole("heading", { name: /^cl-/ }).waitFor();
  await page.getByText("running", { exact: true }).waitFor();

  await page.getByRole("link", { name: "Terminal" }).click();
  await page.getByText("open", { exact: true }).waitFor();
  await typeInTerminal(page, "echo one-$((40+2)); mark=kept");
  await terminalText(page, "one-42").waitFor();
  await page.reload();
  await page.getByText("open", { exact: true }).waitFor();
  await terminalText(page, "one-42").waitFor();
  await typeInTerminal(page, "echo still-$mark");
  await terminalText(page, "still-kept").waitFor();
  await page.keyboard.press("Control+F6");
  assert.equal(await page.evaluate("document.activeElement?.closest('.xterm')"), null, "a keyboard gets out");
  await takePicture(page, "capsule-terminal-light-1280");
  await typeInTerminal(page, "exit 3");
  await page.getByText("It has ended with code 3.").first().waitFor();
});

test("commands run, are listed and are ended", options, async (t) => {
  const page = await openCapsule(t);
  await page.getByRole("link", { name: "Processes" }).click();
  await page.getByLabel("Command, as in a shell").fill("echo begun; echo bad >&2; exec sleep 600");
  await page.getByRole("button", { name: "Run" }).click();
  await page.getByRole("log").getByText("begun").waitFor();
  await page.getByRole("log").getByText("bad").waitFor();
  await page.getByRole("button", { name: "Look again" }).click();
  await page.getByRole("row", { name: /sleep 600/ }).waitFor();
  await takePicture(page, "capsule-processes-light-1280");
  await page.getByRole("button", { name: /More for process/ }).click();
  await page.getByRole("menuitem", { name: "Kill…" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Kill" }).click();
  await page.getByText("ended with -1").waitFor();
});

test("files come, are edited and go", options, async (t) => {
  const page = await openCapsule(t);
  await page.getByRole("link", { name: "Files" }).click();
  await page.getByRole("button", { name: "New directory" }).click();
  await page.getByLabel("Name").fill("work");
  await page.getByRole("button", { name: "Make it" }).click();
  await page.getByRole("row", { name: /work\// }).click();
  const hostile = "<img src=x onerror=alert(1)>.txt";
  const [chooser] = await Promise.all([
    page.waitForEvent("filechooser"),
    page.getByRole("button", { name: "Upload" }).click(),
  ]);
  await chooser.setFiles({ name: hostile, mimeType: "text/plain", buffer: Buffer.from("first\n") });
  await page.getByRole("row", { name: hostile }).click();
  const editor = page.getByRole("textbox", { name: /Content of/ });
  await editor.getByText("first").waitFor();
  await editor.focus();
  await page.keyboard.press("Control+End");
  await page.keyboard.type("second");
  await page.keyboard.press("Control+Enter");
  await page.getByText(/^Saved/).waitFor();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Download" }).click(),
  ]);
  assert.equal(await textOf(await download.createReadStream()), "first\nsecond");
  await page.getByRole("button", { name: "Back" }).click();
  await takePicture(page, "capsule-files-light-1280");
  await page.getByRole("button", { name: `More for ${hostile}` }).click();
  await page.getByRole("menuitem", { name: "Remove…" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Remove" }).click();
  await page.getByText("Nothing is in here").waitFor();
});

test("a port is found, a snapshot made, and the capsule paused, resumed and destroyed", options, async (t) => {
  const page = await openCapsule(t);
  await page.getByRole("link", { name: "Ports" }).click();
  await page.getByText("Nothing listens").waitFor();
  await page.getByLabel("Port", { exact: true }).fill("8000");
  await page.getByRole("button", { name: "Show" }).click();
  const address = await page.getByRole("link", { name: "Open port 8000" }).getAttribute("href");
  assert.match(address ?? "", /^http:\/\/8000-cl-[a-z0-9]+\.localhost:\d+\/$/);

  await page.getByRole("link", { name: "Snapshots" }).click();
  await page.getByLabel("Name").fill("mine");
  await page.getByRole("button", { name: "Make a snapshot" }).click();
  await page.getByRole("row", { name: /mine/ }).waitFor();
  await page.getByText("paused", { exact: true }).waitFor();
  await takePicture(page, "capsule-snapshots-light-1280");
  await page.getByRole("button", { name: "Resume" }).click();
  await page.getByText("running", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Destroy…" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Destroy" }).click();
  await page.getByText("There are no capsules").waitFor();
});

for (const look of looks)
  test(`the pages of capsules are accessible: ${nameOf(look)}`, options, async (t) => {
    const page = await visit(t, "/capsules", look);
    await page.getByText("There are no capsules").waitFor();
    await inspect(page, "capsules-empty", look);
    await page.getByRole("button", { name: "New capsule" }).first().click();
    await page.getByRole("dialog").waitFor();
    await inspect(page, "new-capsule", look);
    await page.getByRole("button", { name: "Make it" }).click();
    await page.getByRole("heading", { name: /^cl-/ }).waitFor();
    await page.getByText("running", { exact: true }).waitFor();
    await page.locator("figure").first().waitFor();
    await inspect(page, "capsule", look);
    const base = page.url();
    for (const [part, ready] of [
      ["terminal", "open"],
      ["processes", "Look again"],
      ["files", "Upload"],
      ["snapshots", "minimal"],
      ["ports", "Nothing listens"],
    ] as const) {
      await page.goto(`${base}/${part}`);
      await page.getByText(ready, { exact: true }).first().waitFor();
      await inspect(page, `capsule-${part}`, look);
    }
    await page.goto(`${tested.yard.url}/console/capsules`);
    await page.getByRole("row", { name: /running/ }).waitFor();
    await inspect(page, "capsules", look);
    await page.getByRole("row", { name: /running/ }).click();
    await page.getByRole("button", { name: "Destroy…" }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Destroy" }).click();
    await page.getByText("There are no capsules").waitFor();
  });

/** The one that there is. */
async function openCapsule(t: TestContext): Promise<Page> {
  const page = await visit(t, "/capsules");
  await page.getByRole("row", { name: /^cl-/ }).click();
  await page.getByRole("heading", { name: /^cl-/ }).waitFor();
  return page;
}

async function textOf(stream: AsyncIterable<Buffer>): Promise<string> {
  return Buffer.concat(await Array.fromAsync(stream)).toString();
}
