/** A newcomer's first visit: one of each kind of thing by one click each, in a yard with a Docker engine; and what a yard without one says. */
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import type { Page } from "playwright-core";
import { until } from "../src/platform/testing/until.ts";
import { skip as noSandbox } from "./support/capsule-yard.ts";
import { noBrowser } from "./support/console-browser.ts";
import { useConsole } from "./support/console-suite.ts";
import { skipWithoutDocker } from "./support/docker.ts";
import { busyboxImage, useTestEngine } from "./support/test-containers.ts";
import { openTestYard } from "./support/yard-in-process.ts";

async function firstPage(page: Page, url: string): Promise<void> {
  await page.goto(`${url}/console`);
  await page.getByText("Begin with one of each").waitFor();
}

describe("in a yard with all that it takes", { skip: noBrowser || noSandbox || skipWithoutDocker() }, () => {
  const tested = useTestEngine();
  const suite = useConsole(() => openTestYard({ "docker-socket": tested.docker.socketPath }));

  before(async () => {
    // No registry is within reach; the first stack's image is there already.
    await tested.containers.engine.call("tag", (docker) => docker.getImage(busyboxImage).tag({ repo: "busybox" }));
  });

  async function rows(path: string): Promise<readonly unknown[]> {
    const reply = await suite.asAdmin("GET", path);
    assert.ok(reply.ok, `${path}: ${reply.status}`);
    const list = (await reply.json()) as { items?: readonly unknown[] };
    return list.items ?? [];
  }

  test("each takes one click, which leads to it, and those that are left stay offered", {
    timeout: 170_000,
  }, async (t) => {
    const page = await suite.visit(t);
    for (const [kind, place, list] of [
      ["app", /\/apps\/hello$/, "/yard/v1/apps?state=running,restarting"],
      ["capsule", /\/capsules\/cl-/, "/yard/v1/capsules"],
      ["task", /\/tasks\/[\w-]{36}$/, "/yard/v1/tasks"],
      ["script", /\/scripts\/[\w-]{36}$/, "/yard/v1/executions?status=completed"],
      ["stack", /\/stacks\/hello$/, "/yard/v1/containers?stack=hello&state=running"],
    ] as const) {
      await firstPage(page, suite.yard.url);
      await page.getByRole("button", { name: `First ${kind}` }).click();
      await page.waitForURL(place, { timeout: 60_000 });
      assert.equal(await page.getByText("There is no such page").count(), 0, `the first ${kind} has a page`);
      await until(async () => (await rows(list)).length === 1, {
        what: `the first ${kind} is there`,
        timeoutMs: 60_000,
      });
    }
    await page.goto(`${suite.yard.url}/console`);
    await page.getByRole("list", { name: "What runs" }).waitFor();
    assert.equal(await page.getByText("Begin with one of each").count(), 0);
  });
});

describe("in a yard without Docker", { skip: noBrowser }, () => {
  const { visit } = useConsole(() => openTestYard({ "docker-socket": "/nonexistent/docker.sock" }));

  test("a stack cannot be made, and it is said what it takes; all of it can be hidden", async (t) => {
    const page = await visit(t);
    await page.getByText("Begin with one of each").waitFor();
    assert.ok(await page.getByRole("button", { name: "First stack" }).isDisabled());
    await page.getByText(/No host of this yard has a Docker engine/).waitFor();
    await page.getByRole("button", { name: "Hide" }).click();
    await page.getByText("Begin with one of each").waitFor({ state: "detached" });
  });
});
