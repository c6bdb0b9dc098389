/** Scripts in the console: written and run, stopped, gone on from, and the files that they leave compared. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Page } from "playwright-core";
import { noBrowser } from "./support/console-browser.ts";
import { inspect, looks, nameOf, takePicture } from "./support/console-looks.ts";
import { useConsole } from "./support/console-suite.ts";
import { startYard } from "./support/yard-process.ts";

const tested = useConsole(startYard);
const options = { skip: noBrowser, timeout: 60_000 };

async function openEditor(t: TestContext): Promise<Page> {
  const page = await tested.visit(t, "/scripts");
  await page.getByRole("textbox", { name: "Script" }).waitFor();
  return page;
}

/** In place of what is there, and run by keyboard. */
async function runScript(page: Page, code: string): Promise<void> {
  await page.getByRole("textbox", { name: "Script" }).focus();
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText(code);
  await page.keyboard.press("Control+Enter");
}

const result = (page: Page, text: string) => page.getByRole("region", { name: "Result" }).last().getByText(text);

test("a script runs by Ctrl-Enter, prints as text, and the next goes on from its memory", options, async (t) => {
  const page = await openEditor(t);
  await runScript(page, "globalThis.n = 41; console.log('<b>printed</b>'); ({ n })");
  await page.getByRole("log").getByText("<b>printed</b>").waitFor();
  await result(page, '"n": 41').waitFor();
  await page.getByText(/Goes on from the memory/).waitFor();
  await runScript(page, "n + 1");
  await result(page, "42").waitFor();
  await page.reload();
  await result(page, "42").waitFor();
  await page.getByRole("textbox", { name: "Script" }).getByText("n + 1").waitFor();
  await page.getByRole("button", { name: "Begin afresh" }).click();
  await runScript(page, "typeof n");
  await result(page, '"undefined"').waitFor();
});

test("what runs is stopped, and what is wrong is said", options, async (t) => {
  const page = await openEditor(t);
  await runScript(page, "console.log('begun'); await new Promise((r) => setTimeout(r, 25_000))");
  await page.getByRole("log").getByText("begun").waitFor();
  await page.getByRole("button", { name: "Stop" }).click();
  await page.getByText("cancelled", { exact: true }).waitFor();
  await runScript(page, "null.x");
  await page.getByRole("region", { name: "What went wrong" }).getByText("TypeError").waitFor();
});

test("memories are a tree, and any of them can be gone on from", options, async (t) => {
  const page = await openEditor(t);
  await page.getByRole("link", { name: "Memory" }).click();
  const rows = page.getByRole("grid", { name: "memories" }).getByRole("row");
  await rows.nth(1).waitFor();
  await page
    .getByRole("button", { name: /Go on from/ })
    .last()
    .click();
  await page.getByText(/Goes on from the memory/).waitFor();
  assert.match(page.url(), /heap=[0-9a-f]{64}/);
});

test("files that scripts leave are named, and two snapshots compared", options, async (t) => {
  const page = await openEditor(t);
  const snapshots: string[] = [];
  for (const text of ["one\\ntwo\\n", "one\\n<img src=x onerror=alert(1)>\\n"]) {
    await page.goto(`${tested.yard.url}/console/scripts`);
    await page.getByText("More", { exact: true }).click();
    await page.getByLabel("Files").fill("work");
    await runScript(page, `await fs.writeFile("notes.txt", "${text}"); await fs.writeFile("same.txt", "s"); 1`);
    const link = page.getByRole("region", { name: "Result" }).getByRole("link", { name: /^[0-9a-f]{10}$/ });
    const [, id] = /to=([0-9a-f]{64})/.exec((await link.getAttribute("href")) ?? "") ?? [];
    snapshots.push(id!);
  }
  await page.goto(`${tested.yard.url}/console/scripts/files?to=${snapshots[0]}`);
  await page.getByRole("row", { name: /added notes.txt/ }).waitFor();
  await page.getByRole("button", { name: "New label" }).click();
  await page.getByRole("textbox", { name: "Name" }).fill("first");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("row", { name: /first/ }).click();
  await page.getByText("Where first has pointed").waitFor();
  await page.goto(`${tested.yard.url}/console/scripts/files?from=first&to=${snapshots[1]}`);
  await page.getByRole("row", { name: /changed notes.txt/ }).click();
  assert.equal(await page.getByRole("row", { name: /same.txt/ }).count(), 0);
  const diff = page.getByRole("region", { name: "Changes of notes.txt" });
  await diff.getByText("- two").waitFor();
  await diff.getByText("+ <img src=x").waitFor();
  assert.equal(await diff.locator("img").count(), 0);
  await takePicture(page, "scripts-compare-light-1280");
});

for (const look of looks)
  test(`the pages of scripts are accessible: ${nameOf(look)}`, options, async (t) => {
    const page = await tested.visit(t, "/scripts", look);
    await runScript(page, "console.log('hello'); ({ answer: 42, list: [1, 2, 3] })");
    await result(page, "answer").waitFor();
    await inspect(page, "scripts", look);
    const run = new URL(page.url()).searchParams.get("run");
    for (const [name, path, ready] of [
      ["scripts-runs", "/scripts/runs", "completed"],
      ["scripts-memory", "/scripts/memory", "Left by"],
      ["scripts-files", "/scripts/files", "first"],
      ["script", `/scripts/${run}`, "hello"],
    ] as const) {
      await page.goto(`${tested.yard.url}/console${path}`);
      const rows = page.getByRole(path.endsWith(String(run)) ? "log" : "row");
      await rows
        .filter({ hasText: name === "scripts-memory" ? /[0-9a-f]{10}/ : ready })
        .first()
        .waitFor();
      await inspect(page, name, look);
    }
  });
