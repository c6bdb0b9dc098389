/** Tasks in the console: submitted, looked through, looked at, cancelled; and ten thousand of them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../src/platform/testing/until.ts";
import { noBrowser } from "./support/console-browser.ts";
import { inspect, looks, nameOf, takePicture } from "./support/console-looks.ts";
import { useConsole } from "./support/console-suite.ts";
import { startYard } from "./support/yard-process.ts";

const tested = useConsole(() => startYard(["--worker-slots", "1"]));
const { asAdmin, visit } = tested;
const options = { skip: noBrowser, timeout: 120_000 };
/** More than a page of the yard's list, so that scrolling has to fetch. */
const many = 1_200;

const taskOf = (command: string, given: object = {}) => ({
  ...{ group_name: "admin", tags: [], labels: [], timeout: "60s", priority: 0, ...given },
  task_spec: { args: ["/bin/sh", "-c", command], terminal_output: true },
});

test("a task is submitted, runs, and shows what it printed and left", options, async (t) => {
  const page = await visit(t, "/tasks");
  await page.getByText("There are no tasks").waitFor();
  await takePicture(page, "tasks-empty-light-1280");
  await page.getByRole("button", { name: "New task" }).first().click();
  await page
    .getByLabel("Command, as in a shell")
    .fill(`echo '<b>out</b>'; echo bad >&2; echo kept > "$MITO_RESULT_DIR/file"; exit 3`);
  await page.getByLabel("Labels").fill("first");
  await takePicture(page, "new-task-light-1280");
  await page.getByRole("button", { name: "Submit" }).click();
  await page.getByRole("heading", { name: /Task #1/ }).waitFor();
  await page.getByText("failed", { exact: true }).waitFor();
  await page.getByText(/exit code 3/).waitFor();
  await page.getByRole("log").getByText("<b>out</b>").waitFor();
  await page.getByRole("log").getByText("bad").waitFor();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Download Result" }).click(),
  ]);
  assert.equal(await download.failure(), null);
  const [chooser] = await Promise.all([
    page.waitForEvent("filechooser"),
    page.getByRole("button", { name: "Upload…" }).click(),
  ]);
  await chooser.setFiles({ name: "r.tar.gz", mimeType: "application/gzip", buffer: Buffer.alloc(2_000) });
  await page.getByText("Uploaded r.tar.gz").waitFor();
  await page.getByRole("button", { name: "Edit labels" }).click();
  await page.getByRole("textbox", { name: "Labels" }).fill("second");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("second", { exact: true }).waitFor();
  await page.getByRole("link", { name: "Tasks" }).click();
  await page.getByLabel("Only with the label").fill("second");
  await page.getByRole("row", { name: /#1/ }).waitFor();
  await page.getByRole("button", { name: "running" }).click();
  await page.getByText("No tasks match").waitFor();
  assert.match(page.url(), /label=second/);
});

test("what a task prints is shown as it runs", options, async (t) => {
  const submitted = await asAdmin(
    "POST",
    "/tasks",
    taskOf("echo begun; echo oops >&2; sleep 4; echo later; sleep 600"),
  );
  const { uuid } = (await submitted.json()) as { uuid: string };
  const page = await visit(t, `/tasks/${uuid}`);
  const log = page.getByRole("log");
  await log.getByText("begun").waitFor();
  await log.getByText("oops").waitFor();
  await log.getByText("later").waitFor();
  await page.getByText("running", { exact: true }).waitFor();
  await takePicture(page, "task-live-light-1280");
  await asAdmin("DELETE", `/tasks/${uuid}`);
  await page.getByText("cancelled", { exact: true }).waitFor();
});

test("what runs is cancelled, and so is all that is listed", options, async (t) => {
  const submitted = await asAdmin("POST", "/tasks", taskOf("sleep 600"));
  const { uuid } = (await submitted.json()) as { uuid: string };
  for (let count = 0; count < 3; count++) await asAdmin("POST", "/tasks", taskOf("sleep 601"));
  const page = await visit(t, `/tasks/${uuid}`);
  await page.getByText("running", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Cancel…" }).click();
  await page.getByRole("button", { name: "Cancel the task" }).click();
  await page.getByText("cancelled", { exact: true }).waitFor();
  await page.goto(`${tested.yard.url}/console/tasks?search=601`);
  await page.getByRole("button", { name: "Cancel 3…" }).click();
  await page.getByRole("button", { name: "Cancel them" }).click();
  await until(async () => (await page.getByRole("row", { name: /cancelled/ }).count()) === 3, { timeoutMs: 20_000 });
});

test("thousands of tasks scroll to their end, and are followed", options, async (t) => {
  const tasks = Array.from({ length: many }, (_, at) => taskOf(`echo ${at}`, { tags: ["nowhere"] }));
  assert.equal((await asAdmin("POST", "/tasks/submit", { tasks })).status, 200);
  const page = await visit(t, "/tasks");
  await page.getByLabel("Only with the tag").fill("nowhere");
  const grid = page.getByRole("grid", { name: "tasks" });
  await grid.getByRole("row").nth(5).waitFor();
  await grid.getByRole("row").nth(1).focus();
  await until(
    async () => {
      await page.keyboard.press("End");
      return (await grid.getAttribute("aria-rowcount")) === String(many + 1);
    },
    { timeoutMs: 30_000, what: "all rows have come" },
  );
  assert.ok((await grid.getByRole("row").count()) < 80, "only those in sight exist");
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.getByText("queued", { exact: true }).waitFor();
});

for (const look of looks)
  test(`the pages of tasks are accessible: ${nameOf(look)}`, options, async (t) => {
    const page = await visit(t, "/tasks", look);
    await page.getByRole("row").nth(3).waitFor();
    await inspect(page, "tasks", look);
    await page.getByRole("button", { name: "New task" }).first().click();
    await page.getByRole("dialog").waitFor();
    await inspect(page, "new-task", look);
    await page.goto(`${tested.yard.url}/console/tasks?label=second`);
    await page.getByRole("row", { name: /#1/ }).click();
    await page.getByRole("log").getByText("bad").waitFor();
    await inspect(page, "task", look);
    await page.goto(`${tested.yard.url}/console/tasks/workers`);
    await page.getByRole("row", { name: /idle/ }).waitFor();
    await inspect(page, "workers", look);
  });
