/** Ours and the peer in turn, A B A B: what disturbs the machine for a while disturbs both, and each round's score is
 *  taken between neighbours. Where the peer alone scatters more than twofold within a run, the machine was not quiet
 *  enough to judge by it: the run is repeated, and after the last repetition called inconclusive, never a pass. */

import type { Bench, Comparison, Metric, Side, SideResult, Values, Verdict } from "./figure.ts";
import { memoryOf } from "./processes.ts";
import { median, scatter } from "./statistics.ts";

const largestBaselineScatter = 2;
const mostRepetitions = 3;

export interface ComparisonSpec<Key extends string> {
  readonly metrics: Readonly<Record<Key, Metric>>;
  readonly ours: Side<Key>;
  readonly peer: Side<Key>;
  /** Measure each side once beforehand without counting it, so that neither is judged by its cold code. Default true. */
  readonly warmUp?: boolean;
}

interface Measured<Key extends string> {
  readonly values: Values<Key>;
  readonly rssMiB: number | undefined;
}

interface Round<Key extends string> {
  readonly ours: Measured<Key>;
  readonly peer: Measured<Key>;
}

export async function compare<Key extends string>(
  bench: Bench,
  spec: ComparisonSpec<Key>,
): Promise<readonly Comparison[]> {
  if (spec.warmUp !== false) {
    await spec.ours.measure();
    await spec.peer.measure();
  }
  for (let attempt = 1; ; attempt++) {
    const comparisons = judge(spec, await runRounds(bench, spec), attempt);
    const unsettled = comparisons.filter((comparison) => comparison.verdict === "inconclusive");
    if (unsettled.length === 0 || attempt > mostRepetitions) return comparisons;
    bench.say(
      `  the baseline of "${unsettled[0]?.metric.label}" scattered ${unsettled[0]?.baselineScatter.toFixed(1)}x: once more`,
    );
  }
}

async function runRounds<Key extends string>(bench: Bench, spec: ComparisonSpec<Key>): Promise<readonly Round<Key>[]> {
  const rounds: Round<Key>[] = [];
  for (let number = 1; number <= bench.rounds; number++) {
    const ours = await measure(bench, spec.ours);
    const peer = await measure(bench, spec.peer);
    rounds.push({ ours, peer });
    bench.say(`  round ${number}/${bench.rounds}: ${progress(spec, ours.values, peer.values)}`);
  }
  return rounds;
}

async function measure<Key extends string>(bench: Bench, side: Side<Key>): Promise<Measured<Key>> {
  bench.signal.throwIfAborted();
  const values = await side.measure();
  const pids = side.pids();
  return { values, rssMiB: pids.length === 0 ? undefined : memoryOf(pids).rssMiB };
}

function judge<Key extends string>(
  spec: ComparisonSpec<Key>,
  rounds: readonly Round<Key>[],
  attempts: number,
): readonly Comparison[] {
  const keys = Object.keys(spec.metrics) as Key[];
  return keys.map((key) => {
    const metric = spec.metrics[key];
    const result = (side: "ours" | "peer"): SideResult => {
      const values = known(rounds.map((round) => round[side].values[key]));
      const rss = known(rounds.map((round) => round[side].rssMiB));
      return { name: spec[side].name, values, median: medianIfAny(values), rssMiB: medianIfAny(rss) };
    };
    const [ours, peer] = [result("ours"), result("peer")];
    const scores = rounds.map((round) => scoreOf(metric, round.ours.values[key], round.peer.values[key]));
    const score = median(scores);
    const baselineScatter = scatter(peer.values);
    return {
      metric,
      ours,
      peer,
      scores,
      score,
      baselineScatter,
      attempts,
      verdict: verdictOf(metric, score, baselineScatter),
    };
  });
}

function scoreOf(metric: Metric, ours: number | undefined, peer: number | undefined): number {
  if (ours === undefined) throw new Error(`${metric.label}: not measured`);
  if (metric.score === "ours") return ours;
  if (peer === undefined) throw new Error(`${metric.label}: the peer was not measured`);
  return metric.score === "difference" ? ours - peer : ours / peer;
}

export function verdictOf({ score: kind, aim }: Metric, score: number, baselineScatter: number): Verdict {
  if (!aim) return "reported";
  // A value that is judged by itself has no baseline that could mislead.
  if (kind !== "ours" && !(baselineScatter <= largestBaselineScatter)) return "inconclusive";
  return (aim.at === "most" ? score <= aim.limit : score >= aim.limit) ? "pass" : "miss";
}

function known(values: readonly (number | undefined)[]): readonly number[] {
  return values.filter((value) => value !== undefined);
}

function medianIfAny(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : median(values);
}

function progress<Key extends string>(spec: ComparisonSpec<Key>, ours: Values<Key>, peer: Values<Key>): string {
  const keys = Object.keys(spec.metrics) as Key[];
  const shown = (value: number | undefined) => value?.toFixed(2) ?? "-";
  return keys.map((key) => `${shown(ours[key])} | ${shown(peer[key])} ${spec.metrics[key].unit}`).join(", ");
}
