/** All that runs in a sandbox, whoever has started it, of drivers that can tell. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../../platform/testing/until.ts";
import { type Suite, textSoFar } from "./suite.ts";

export function tellsInhabitants({ driver, sandbox, shell }: Suite): void {
  test("all that runs is told, with what nobody waits for, and each can be signalled alone", async () => {
    const { inhabitants } = sandbox();
    assert.equal(inhabitants !== undefined, driver().can.inhabitants ?? false);
    if (!inhabitants) return;
    const process = await shell("sleep 301 & echo $!; wait; sleep 302");
    const pidOf = async (seconds: string) =>
      (await inhabitants.list()).find(({ argv }) => argv[0] === "sleep" && argv[1] === seconds)?.pid;
    const sleeper = await until(() => pidOf("301"));
    assert.equal(`${sleeper}\n`, await textSoFar(process));
    await inhabitants.signal(sleeper, "SIGTERM");
    await until(() => pidOf("302")); // the shell goes on
    await process.stop({ graceMs: 0 });
    await until(async () => (await inhabitants.list()).length === 0);
    for (const pid of [sleeper, 1]) await assert.rejects(inhabitants.signal(pid, "SIGKILL"), { code: "not_found" });
  });
}
