/** How long a script takes that has nothing to do, for a single client.
 *
 *  Ours: `1 + 1` over a kept-alive connection: `POST /api/exec`, then one GET of the execution, held until its end (`Prefer: wait`).
 *  Within it the submission goes to the disk, and then the end of the run with the memory that it leaves.
 *  Peer: two requests, one after the other, to a bare `node:http` server in a process of its own: the least that submitting and asking can cost. */
import { compare } from "../harness/compare.ts";
import type { Figure } from "../harness/figure.ts";
import { timesOf } from "../harness/load.ts";
import { openPlainHttp } from "../harness/plain-http.ts";
import { runAndWait } from "../harness/script-requests.ts";
import { median, percentile } from "../harness/statistics.ts";
import { openYard } from "../harness/yard.ts";

const runsPerRound = 200;
const code = "1 + 1";

export const scriptLatency: Figure = {
  name: "script-latency",
  title: "a script that has nothing to do, submitted and waited for over HTTP",
  async run(bench) {
    await using yard = await openYard(bench);
    await using plain = await openPlainHttp(bench, { headers: { "content-type": "application/json" }, body: "{}" });
    return await compare(bench, {
      metrics: {
        time: { label: "submitted and ended", unit: "ms", score: "ours", aim: { at: "most", limit: 6 } },
        slow: { label: "95 % of them within", unit: "ms", score: "ours" },
      },
      ours: {
        name: "runyard",
        pids: () => [yard.serverPid],
        measure: async () => summary(await timesOf(runsPerRound, () => runAndWait(yard, code))),
      },
      peer: {
        name: "two requests",
        pids: () => [plain.pid],
        measure: async () => summary(await timesOf(runsPerRound, () => plain.call({ code }).then(() => plain.call()))),
      },
    });
  },
};

function summary(times: readonly number[]) {
  return { time: median(times), slow: percentile(times, 0.95) };
}
