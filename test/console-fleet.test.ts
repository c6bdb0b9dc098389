/** The pages of the fleet and of administration in a real browser, on a yard with a real engine. */
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { noBrowser } from "./support/console-browser.ts";
import { useVisitors } from "./support/console-suite.ts";
import { skipWithoutDocker } from "./support/docker.ts";
import { useDockmeshYard } from "./support/dockmesh.ts";
import { busyboxImage, useTestEngine } from "./support/test-containers.ts";

const compose = `services:
  web:
    image: ${busyboxImage}
    command: ["sh", "-c", "echo web is up; sleep 100000"]
    network_mode: none
    stop_grace_period: 0s
`;

describe("The console's pages of the fleet", { skip: noBrowser || skipWithoutDocker() }, () => {
  const tested = useTestEngine();
  const yard = useDockmeshYard(() => ({ "docker-socket": tested.docker.socketPath }));
  const { visit } = useVisitors(() => yard.url);
  before(async () => {
    const command = "printf '<img src=x onerror=alert(1)> \\033]0;owned\\007\\n'; sleep 100000";
    await tested.containers.run("hostile", ["sh", "-c", command], {
      StopTimeout: 0,
      Labels: { note: "<script>alert(1)</script>" },
    });
  });

  const options = { timeout: 60_000 };

  test("a stack is written, deployed with its steps, changed, and deleted", options, async (t) => {
    const page = await visit(t, "/stacks");
    await page.getByRole("link", { name: "New stack" }).first().click();
    await page.getByLabel("Name", { exact: true }).fill("shop");
    await page.getByRole("textbox", { name: "compose.yaml" }).fill(compose);
    await page.getByRole("button", { name: "Make it" }).click();
    await page.getByRole("heading", { name: "shop" }).waitFor();
    await page.getByText("shop-web-1").waitFor(); // what a deployment would make
    await page.getByRole("button", { name: "Deploy…" }).click();
    await page.getByRole("dialog").getByText("there is none").waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Deploy" }).click();
    await page.getByText("create container shop-web-1", { exact: true }).waitFor();
    await page.getByText("done", { exact: true }).waitFor();
    await page.getByRole("link", { name: "Logs" }).click();
    await page.getByRole("log").getByText("web is up").waitFor();
    await page.getByRole("link", { name: "History" }).click();
    await page.getByRole("row", { name: /busybox/ }).waitFor();
    await page.getByRole("button", { name: "Delete…" }).click();
    await page.getByRole("dialog").getByLabel("Stop and remove its containers, too").check();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await page.getByText("There are no stacks yet").waitFor();
    const left = await yard.admin.expect<readonly unknown[]>(200, "GET", "/containers?all=true");
    assert.equal(left.length, 1, "its container is gone");
  });

  test("a container is looked at, typed into and stopped, and what it says stays text", options, async (t) => {
    const page = await visit(t, "/containers");
    await page.getByRole("row", { name: /hostile/ }).click();
    await page.getByRole("heading", { name: "hostile" }).waitFor();
    await page.getByRole("link", { name: "Logs" }).click();
    await page.getByRole("log").getByText("<img src=x").waitFor();
    assert.equal(await page.getByRole("log").locator("img, script").count(), 0);
    await page.getByRole("link", { name: "Inspect" }).click();
    await page.getByRole("textbox").getByText("/hostile").waitFor();
    await page.getByRole("link", { name: "Terminal" }).click();
    await page.getByText("open", { exact: true }).waitFor();
    await page.keyboard.type("echo $((6*7))0\n");
    await page.getByText("420", { exact: true }).first().waitFor();
    await page.getByRole("link", { name: "Usage" }).click();
    await page.getByRole("img", { name: /^Memory/ }).waitFor();
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByRole("button", { name: "Start" }).waitFor();
    assert.equal(await page.title(), "hostile · Runyard");
  });

  test("a user, a team's key and a token are made, and their secrets shown once", options, async (t) => {
    const page = await visit(t, "/users");
    await page.getByRole("button", { name: "New user" }).click();
    await page.getByRole("dialog").getByLabel("Name", { exact: true }).fill("mary");
    await page.getByRole("dialog").getByLabel("Password").fill("short");
    await page.getByRole("dialog").getByRole("button", { name: "Make it" }).click();
    await page.getByRole("dialog").getByRole("alert").waitFor(); // and what was typed is still there
    await page.getByRole("dialog").getByLabel("Password").fill("long enough a password");
    await page.getByRole("dialog").getByRole("button", { name: "Make it" }).click();
    await page.getByRole("row", { name: /mary/ }).waitFor();
    await page.goto(`${yard.url}/console/account/tokens`);
    await page.getByRole("button", { name: "New token" }).first().click();
    await page.getByRole("dialog").getByLabel("Name").fill("pipeline");
    await page.getByRole("dialog").getByRole("button", { name: "Make it" }).click();
    const shown = page.getByRole("region", { name: "The new token" });
    await shown.waitFor();
    const token = (await shown.innerText()).trim();
    const me = await yard.ask("GET", "/me", undefined, { token });
    assert.equal(me.status, 200, "the token is good");
    await page.getByRole("button", { name: "I have it" }).click();
    await page.getByRole("row", { name: /pipeline/ }).waitFor();
    assert.ok(!(await page.content()).includes(token));
  });

  test("what a role may not do is not offered", options, async (t) => {
    const { username, password } = await yard.makeUser("viewer");
    const page = await visit(t, "/containers", { username, password });
    await page.getByRole("row", { name: /hostile/ }).click();
    await page.getByRole("heading", { name: "hostile" }).waitFor();
    for (const name of ["Start", "Stop", "More for hostile"])
      assert.equal(await page.getByRole("button", { name }).count(), 0, name);
    assert.equal(await page.getByRole("link", { name: "Terminal" }).count(), 0);
    assert.equal(await page.getByRole("link", { name: "Users" }).count(), 0);
    await page.goto(`${yard.url}/console/settings`);
    await page.getByText("Your role has no access to this").waitFor();
  });
});
