/** How much later a key is seen in the browser than over the bare WebSocket.
 *
 *  Ours: the terminal of a capsule's page, from the key's event in the page until the drawn screen has changed. Peer: the same API by a WebSocket of this process, to a
 *  terminal of the same capsule. The shell's echo in both. */
import type { Page } from "playwright-core";
import { openCapsuleTerminal } from "../harness/capsule-terminal.ts";
import { openCapsules } from "../harness/capsules.ts";
import { compare } from "../harness/compare.ts";
import { openConsole } from "../harness/console.ts";
import type { Figure } from "../harness/figure.ts";
import { timesOf } from "../harness/load.ts";
import { median } from "../harness/statistics.ts";

/** All rounds together stay below a line's length. */
const keysPerRound = 10;

export const consoleTerminal: Figure = {
  name: "console-terminal",
  title: "the console: echo of a key in a capsule's terminal",
  async run(bench) {
    await using capsules = await openCapsules(bench, { driver: "namespace" });
    const id = await capsules.create();
    await using peer = await openCapsuleTerminal(capsules.yard, id);
    await using browser = await openConsole(capsules.yard);
    await using opened = await browser.open(`/capsules/${id}/terminal`, ".xterm-rows");
    await opened.page.getByText("open", { exact: true }).waitFor();
    await opened.page.getByRole("textbox").focus();
    await opened.page.evaluate(`bench.watchEchoes(".xterm-rows")`);
    return await compare(bench, {
      metrics: { time: { label: "echo in the page", unit: "ms", score: "difference", aim: { at: "most", limit: 30 } } },
      ours: {
        name: "console",
        pids: () => [],
        measure: async () => ({ time: await echoIn(opened.page) }),
      },
      peer: {
        name: "bare WebSocket",
        pids: () => [],
        measure: async () => ({ time: median(await timesOf(keysPerRound, () => peer.type("x"))) }),
      },
    });
  },
};

/** @returns the median of some keys, in milliseconds by the page's own clock */
async function echoIn(page: Page): Promise<number> {
  const times: number[] = [];
  for (let key = 0; key < keysPerRound; key++) {
    await page.keyboard.press("x");
    times.push(await page.evaluate<number>("bench.echo"));
  }
  return median(times);
}
