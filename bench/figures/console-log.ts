/** What a log of a million lines costs a page.
 *
 *  Each round opens the page of an app that has printed them, waits until all are there, and reads what the page's scripts hold. Besides: how long the lines took to
 *  come, and to be filtered by an expression. There is no peer: the aim is absolute. */
import { compare } from "../harness/compare.ts";
import { type BenchConsole, openConsole } from "../harness/console.ts";
import type { Figure } from "../harness/figure.ts";
import { openYard } from "../harness/yard.ts";

const lines = 1_000_000;
/** Of some sixty characters, as logs have them. Then it rests, so that there is one run. */
const command = `seq -f '2026-01-01T00:00:00Z info request %07.0f was answered in 12 ms' ${lines}; sleep 86400`;

export const consoleLog: Figure = {
  name: "console-log",
  title: `the console: a log of ${lines} lines`,
  async run(bench) {
    await using yard = await openYard(bench);
    await yard.call("PUT", "/appmesh/app/talker", { command, shell: true, status: 1 });
    await using browser = await openConsole(yard);
    return await compare(bench, {
      metrics: {
        heap: {
          label: `${lines} lines: heap of the page`,
          unit: "MiB",
          score: "ours",
          aim: { at: "most", limit: 300 },
        },
        read: { label: `${lines} lines: until all are there`, unit: "s", score: "ours" },
        filter: { label: `${lines} lines: filtered by an expression`, unit: "s", score: "ours" },
      },
      ours: { name: "runyard", pids: () => [yard.serverPid, yard.agentPid], measure: () => measure(browser) },
      peer: { name: "-", pids: () => [], measure: async () => ({}) },
      warmUp: false, // every round reads all of it
    });
  },
};

async function measure(browser: BenchConsole): Promise<Record<"heap" | "read" | "filter", number>> {
  const began = performance.now();
  await using opened = await browser.open("/apps/talker");
  const { page } = opened;
  await page.getByText("1,000,000 lines", { exact: true }).waitFor();
  const read = (performance.now() - began) / 1_000;
  const heap = await opened.heapMiB();
  const asked = performance.now();
  await page.getByRole("searchbox").fill("/request \\d+99999 was/");
  await page.getByText("10 of 1,000,000 lines", { exact: true }).waitFor();
  return { heap, read, filter: (performance.now() - asked) / 1_000 };
}
