/** A browser gives up what waits for a connection when the network of its machine changes, as it does with each capsule that starts there: the console mends that
 *  by itself. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { noBrowser } from "./support/console-browser.ts";
import { useConsole } from "./support/console-suite.ts";
import { openTestYard } from "./support/yard-in-process.ts";

const tested = useConsole(openTestYard);
const options = { skip: noBrowser, timeout: 60_000 };

for (const [what, lost] of [
  ["script", /\/assets\/index-[^/]*\.js$/],
  ["style", /\/assets\/style-[^/]*\.css$/],
] as const)
  test(`a page whose ${what} was lost on the way is loaded anew`, options, async (t) => {
    const page = await tested.open(t);
    await page.route(lost, (route) => route.abort("connectionreset"), { times: 1 });
    const arrives = page.waitForResponse(lost);
    await page.goto(`${tested.yard.url}/console`, { waitUntil: "commit" });
    assert.equal((await arrives).status(), 200);
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
  });

test("what only reads is asked for again, so that no page fails for it", options, async (t) => {
  const page = await tested.visit(t);
  let asked = 0;
  page.on("request", (request) => {
    asked += Number(request.url().endsWith("/yard/v1/self"));
  });
  await page.route("**/yard/v1/self", (route) => route.abort("connectionreset"), { times: 1 });
  await page.reload();
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  assert.equal(asked, 2);
});
