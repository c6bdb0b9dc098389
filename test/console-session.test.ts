/** A browser stays signed in whatever becomes of a renewal of its login: pages are reloaded in the middle of it, race with each other, and sleep. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page, Route } from "playwright-core";
import { noBrowser } from "./support/console-browser.ts";
import { useConsole } from "./support/console-suite.ts";
import { openTestYard } from "./support/yard-in-process.ts";

const tested = useConsole(openTestYard);
const options = { skip: noBrowser, timeout: 60_000 };
const renewals = /\/refresh$/;
const key = "runyard.session";

interface KeptSession {
  readonly refreshToken: string;
}

const overviewOf = (page: Page) => page.getByRole("heading", { name: "Overview" });

async function keptBy(page: Page): Promise<KeptSession> {
  return JSON.parse((await page.evaluate((name) => localStorage.getItem(name), key)) ?? "{}") as KeptSession;
}

/** From now on the next call has to renew the login. */
async function makeDue(page: Page): Promise<void> {
  await page.evaluate((name) => {
    const kept = JSON.parse(localStorage.getItem(name) ?? "{}") as object;
    localStorage.setItem(name, JSON.stringify({ ...kept, renewAt: 0 }));
  }, key);
}

/** Lets the yard do the next renewal, and keeps the reply from the page until `arrive` is called, or forever. */
async function holdRenewal(page: Page): Promise<{ done: Promise<void>; arrive: () => void }> {
  const done = Promise.withResolvers<void>();
  const arrival = Promise.withResolvers<void>();
  const hold = async (route: Route) => {
    const response = await route.fetch();
    done.resolve();
    await arrival.promise;
    await route.fulfill({ response });
  };
  await page.route(renewals, hold, { times: 1 });
  return { done: done.promise, arrive: arrival.resolve };
}

test("a page that is reloaded before the answer to a renewal has come stays signed in", options, async (t) => {
  const page = await tested.visit(t);
  const before = await keptBy(page);
  await makeDue(page);
  const { done } = await holdRenewal(page);
  await page.reload({ waitUntil: "commit" });
  await done;
  assert.equal((await keptBy(page)).refreshToken, before.refreshToken, "the answer is lost");
  await page.reload();
  await overviewOf(page).waitFor();
  assert.notEqual((await keptBy(page)).refreshToken, before.refreshToken);
});

test("tabs that renew at the same time stay signed in, also where browsers have no locks", options, async (t) => {
  const page = await tested.visit(t);
  await page.context().addInitScript(() => Reflect.deleteProperty(Navigator.prototype, "locks"));
  const other = await page.context().newPage();
  await other.goto(`${tested.yard.url}/console`);
  await overviewOf(other).waitFor();
  await makeDue(page);
  await Promise.all([page.reload(), other.reload()]);
  await Promise.all([overviewOf(page).waitFor(), overviewOf(other).waitFor()]);
  await makeDue(page);
  await page.reload();
  await overviewOf(page).waitFor();
});

test(
  "an answer that reaches a tab late does not take the place of what another tab has got since",
  options,
  async (t) => {
    const page = await tested.visit(t);
    await makeDue(page);
    const { done, arrive } = await holdRenewal(page);
    await page.reload({ waitUntil: "commit" });
    await done;
    const newer = await goOn((await goOn((await keptBy(page)).refreshToken)).refreshToken);
    await page.evaluate(([name, kept]) => localStorage.setItem(name, kept), [
      key,
      JSON.stringify({ ...newer, renewAt: Date.now() + 60_000 }),
    ] as const);
    arrive();
    await overviewOf(page).waitFor();
    assert.equal((await keptBy(page)).refreshToken, newer.refreshToken);
  },
);

test("a sign-out during a renewal is not undone by its answer", options, async (t) => {
  const page = await tested.visit(t);
  await makeDue(page);
  const { done, arrive } = await holdRenewal(page);
  await page.reload({ waitUntil: "commit" });
  await done;
  await page.evaluate((name) => localStorage.removeItem(name), key);
  arrive();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  assert.deepEqual(await keptBy(page), {});
});

/** As another tab does. */
async function goOn(refreshToken: string): Promise<KeptSession> {
  const response = await fetch(`${tested.yard.url}/yard/v1/refresh`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ refreshToken }),
  });
  assert.equal(response.status, 200);
  return (await response.json()) as KeptSession;
}
