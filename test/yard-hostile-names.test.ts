/** Names that somebody hopes a browser will run, of all that people and engines may name: every page of the console shows them as the texts they are. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { Page } from "playwright-core";
import { noBrowser } from "./support/console-browser.ts";
import { useConsole } from "./support/console-suite.ts";
import { openFakeEngine } from "./support/fake-engine.ts";
import { openTestYard } from "./support/yard-in-process.ts";

const image = "<img src=x onerror=owned=1>";
const name = `${image}<script>owned=1</script>\u202egnp.exe\u001b]0;owned\u0007`;
const long = name + "x".repeat(1_000_000);

const opened = new AsyncDisposableStack();
const tested = useConsole(async () => {
  const engine = opened.use(
    await openFakeEngine(
      [
        { Id: "a".repeat(64), name, labels: { "com.docker.compose.project": name, note: long } },
        { Id: "b".repeat(64), name: `${long}b`, labels: { "com.docker.compose.service": name } },
      ],
      {
        "/images/json": [{ Id: `sha256:${"c".repeat(64)}`, RepoTags: [name], Created: 1, Size: 1, Labels: {} }],
        "/networks": [{ Id: "d".repeat(64), Name: name, Driver: name, Scope: "local", Labels: {}, Containers: {} }],
        "/volumes": { Volumes: [{ Name: name, Driver: name, Mountpoint: name, Scope: "local", Labels: {} }] },
      },
    ),
  );
  return openTestYard({ "docker-socket": engine.socketPath });
});
after(() => opened.disposeAsync());

/** What became of them, where a browser has taken one for more than a text. */
const harm = async (page: Page) => ({
  ran: await page.evaluate(() => "owned" in globalThis),
  made: await page.locator('img[src="x"], script:not([src])').count(),
  title: (await page.title()).includes("<"),
});

test("no name does anything on any page", { skip: noBrowser, timeout: 180_000 }, async (t) => {
  const { users, teams } = tested.yard.yard.identity;
  const user = await users.create({ username: "mallory", displayName: name, password: "right password", roles: [] });
  await teams.create("crew", { userId: user.id });
  const put = { command: `echo '${image}'`, description: name, status: 0 };
  assert.ok((await tested.asAdmin("PUT", "/appmesh/app/hostile", put)).ok);
  const task = { group_name: "admin", tags: [image], labels: [image], timeout: "1m", priority: 0 };
  assert.ok((await tested.asAdmin("POST", "/tasks", { ...task, task_spec: { args: ["echo", name] } })).ok);

  const page = await tested.visit(t);
  page.on("dialog", (dialog) => assert.fail(`a dialog: ${dialog.message()}`));
  const links = page.getByRole("navigation").getByRole("link");
  const places = new Set(await Promise.all((await links.all()).map(async (one) => (await one.getAttribute("href"))!)));
  assert.ok(places.size >= 15, [...places].join(" "));
  const shownOn = ["/apps", "/tasks", "/containers", "/images", "/networks", "/volumes"];
  for (const place of [...places, "/console/apps/hostile"]) {
    await page.goto(new URL(place, tested.yard.url).href);
    await page.getByRole("heading").first().waitFor();
    if (shownOn.some((end) => place.endsWith(end))) await page.getByText(image).first().waitFor();
    assert.deepEqual(await harm(page), { ran: false, made: 0, title: false }, place);
  }

  await page.keyboard.press("Control+k");
  await page.keyboard.type("<img");
  await page.getByRole("option").filter({ hasText: image }).first().waitFor();
  assert.deepEqual(await harm(page), { ran: false, made: 0, title: false }, "the search");
});
