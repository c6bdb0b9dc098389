/** Short scripts that come at a constant rate, over HTTP, in the load shape of the figures that are published for the reference server: submit, ask for
 *  the end at once and then every 50 ms, until it has come; 500 a second without saved memory, 100 a second with; for 30 s.
 *
 *  Ours: a yard with default settings, the load from this process; a token, so everything is somebody's. Every submission and every end is on the disk before
 *  the client is told, and the memory that a stateful run leaves, too.
 *  Peer: constants, from the reference server's own published table of a single node, on a machine of theirs: no comparison, but the load that
 *  it was published for. So the rows are judged by ours alone: nothing dropped, nothing failed, and 95 of 100 known at the second poll.
 *
 *  An arrival is dropped while as many are under way as come in a second. The load shares the machine's cores with the server. */
import { arrive } from "../harness/arrivals.ts";
import { compare } from "../harness/compare.ts";
import type { Bench, Figure } from "../harness/figure.ts";
import { oneLiners, pollMs, runAndPoll } from "../harness/script-requests.ts";
import { percentile } from "../harness/statistics.ts";
import { openYard, type Yard } from "../harness/yard.ts";

const seconds = 30;
const warmUpSeconds = 3;
/** Beyond one poll: submitting and asking. */
const slackMs = 10;
const connections = 128;

interface Shape {
  readonly label: string;
  readonly perSecond: number;
  /** As it is published for a single node under the same load: runs that ended in a second, milliseconds. */
  readonly published: { readonly rate: number; readonly p95: number; readonly p99: number; readonly dropped: number };
  readonly keepsHeaps: boolean;
}

const shapes: readonly Shape[] = [
  {
    label: "500 stateless scripts a second",
    perSecond: 500,
    published: { rate: 138.9, p95: 7_332, p99: 10_001, dropped: 21_416 },
    keepsHeaps: false,
  },
  {
    label: "100 stateful scripts a second",
    perSecond: 100,
    published: { rate: 51.3, p95: 2_082, p99: 2_103, dropped: 2_823 },
    keepsHeaps: true,
  },
];

export const scriptLoad: Figure = {
  name: "script-load",
  title: "short scripts at a constant rate, submitted and polled over HTTP",
  async run(bench) {
    const comparisons = [];
    for (const shape of shapes) {
      await using yard = await openYard(bench, {
        connections,
        settings: ["--scripts-heaps", String(shape.keepsHeaps)],
      });
      comparisons.push(...(await measureShape(bench, yard, shape)));
    }
    return comparisons;
  },
};

async function measureShape(bench: Bench, yard: Yard, { label, perSecond, published }: Shape) {
  const load = (forSeconds: number) =>
    arrive({ perSecond, seconds: forSeconds, mostAtOnce: perSecond, signal: bench.signal }, (number) =>
      runAndPoll(yard, oneLiners[number % oneLiners.length]!, bench.signal),
    );
  await load(warmUpSeconds);
  return await compare(bench, {
    metrics: {
      dropped: { label: `${label}: dropped`, unit: "", score: "ours", aim: { at: "most", limit: 0 } },
      failed: { label: `${label}: failed`, unit: "", score: "ours", aim: { at: "most", limit: 0 } },
      rate: { label: `${label}: ended`, unit: "/s", score: "ours" },
      p50: { label: `${label}: half known within`, unit: "ms", score: "ours" },
      p95: {
        label: `${label}: 95 % known within`,
        unit: "ms",
        score: "ours",
        aim: { at: "most", limit: pollMs + slackMs },
      },
      p99: { label: `${label}: 99 % known within`, unit: "ms", score: "ours" },
    },
    ours: {
      name: "runyard",
      pids: () => [yard.serverPid],
      async measure() {
        const { times, dropped, failed, perSecond: rate } = await load(seconds);
        const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => percentile(times, share));
        return { dropped, failed, rate, p50, p95, p99 };
      },
    },
    peer: { name: "as published", pids: () => [], measure: async () => published },
    warmUp: false,
  });
}
