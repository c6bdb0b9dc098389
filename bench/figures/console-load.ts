/** How long the console's first visit takes, from the address to a page that can be used.
 *
 *  Each round is a browser context with an empty cache, as administrator of a yard with some apps. The clock is the page's own: it starts with the navigation, and
 *  stops when the overview with its data is drawn and the last long piece of work has ended. There is no peer: the aim is absolute. */
import { compare } from "../harness/compare.ts";
import { openConsole } from "../harness/console.ts";
import type { Figure } from "../harness/figure.ts";
import { openYard } from "../harness/yard.ts";

const apps = 10;

export const consoleLoad: Figure = {
  name: "console-load",
  title: "the console's first visit, on loopback",
  async run(bench) {
    await using yard = await openYard(bench);
    for (let number = 0; number < apps; number++)
      await yard.call("PUT", `/appmesh/app/service-${number}`, { command: "sleep 86400", status: 1 });
    await using browser = await openConsole(yard);
    return await compare(bench, {
      metrics: {
        time: { label: "first load, interactive", unit: "ms", score: "ours", aim: { at: "most", limit: 1_000 } },
      },
      ours: {
        name: "runyard",
        pids: () => [yard.serverPid],
        async measure() {
          await using opened = await browser.open("/", '[aria-label="What runs"]');
          return { time: await opened.interactiveMs() };
        },
      },
      peer: { name: "-", pids: () => [], measure: async () => ({}) },
    });
  },
};
