/** How smoothly a list of 10,000 apps scrolls.
 *
 *  Each round scrolls down from the first row, a quarter of a screen in each frame, and counts the frames that the browser draws meanwhile: of 60 in a second at most.
 *  There is no peer: the aim is absolute. */
import type { Page } from "playwright-core";
import { compare } from "../harness/compare.ts";
import { openConsole } from "../harness/console.ts";
import type { Figure } from "../harness/figure.ts";
import { until } from "../harness/waiting.ts";
import { openYard, type Yard } from "../harness/yard.ts";

const rows = 10_000;
const atOnce = 16;
const grid = '[role="grid"]';
const gridText = JSON.stringify(grid);
/** A fast wheel: some 10,000 pixels in a second. */
const screensPerFrame = 0.25;
const framesPerRound = 300;

export const consoleRows: Figure = {
  name: "console-rows",
  title: `the console: a list of ${rows} rows scrolls`,
  async run(bench) {
    await using yard = await openYard(bench);
    bench.say(`  making ${rows} apps`);
    await makeApps(yard);
    await using browser = await openConsole(yard);
    await using opened = await browser.open("/apps", grid);
    await readAll(opened.page, bench.signal);
    return await compare(bench, {
      metrics: {
        frames: { label: `${rows} rows scroll`, unit: "frames/s", score: "ours", aim: { at: "least", limit: 50 } },
        heap: { label: `${rows} rows: heap of the page`, unit: "MiB", score: "ours" },
      },
      ours: {
        name: "runyard",
        pids: () => [yard.serverPid],
        measure: async () => ({
          frames: await opened.page.evaluate<number>(
            `bench.scroll(${gridText}, ${screensPerFrame}, ${framesPerRound})`,
          ),
          heap: await opened.heapMiB(),
        }),
      },
      peer: { name: "-", pids: () => [], measure: async () => ({}) },
    });
  },
};

async function makeApps(yard: Yard): Promise<void> {
  let left = rows;
  const client = async () => {
    while (left-- > 0) await yard.call("PUT", `/appmesh/app/service-${left}`, { command: `sleep ${left}`, status: 0 });
  };
  await Promise.all(Array.from({ length: atOnce }, client));
}

/** The list comes in pages, each as its end comes into sight. */
async function readAll(page: Page, signal: AbortSignal): Promise<void> {
  await until("all rows", { timeoutMs: 60_000, everyMs: 50, signal }, async () => {
    const known = await page.evaluate<number>(`bench.scrollToEnd(${gridText})`);
    return known > rows ? known : undefined;
  });
}
