/** What one benchmark is: something of ours and its peer, measured in turn under the same conditions. */
import type { Children } from "./children.ts";

/** What every figure is handed. */
export interface Bench {
  /** Aborted by Ctrl-C: every loop and every wait of a figure ends with it. */
  readonly signal: AbortSignal;
  /** Rounds that count, at least 5; each is one measurement of ours and one of the peer. */
  readonly rounds: number;
  readonly children: Children;
  /** Where everything temporary goes; removed at the end. */
  readonly directory: string;
  /** Progress, for whoever watches. */
  say(line: string): void;
}

export interface Figure {
  /** As it is called on the command line. */
  readonly name: string;
  readonly title: string;
  run(bench: Bench): Promise<readonly Comparison[]>;
}

export interface Metric {
  readonly label: string;
  readonly unit: string;
  /** How a round is scored: ours / peer, ours − peer, or ours alone. */
  readonly score: "ratio" | "difference" | "ours";
  /** What the median of the scores has to reach. Without one the metric is reported, not judged. */
  readonly aim?: Aim;
}

export interface Aim {
  readonly at: "most" | "least";
  readonly limit: number;
}

/** What one measurement yields. The peer may leave out what is scored by ours alone. */
export type Values<Key extends string> = Readonly<Partial<Record<Key, number>>>;

export interface Side<Key extends string> {
  readonly name: string;
  measure(): Promise<Values<Key>>;
  /** The processes whose memory is reported beside the figures. */
  pids(): readonly number[];
}

export type Verdict = "pass" | "miss" | "inconclusive" | "reported";

/** One metric over all rounds: a row of the table. */
export interface Comparison {
  readonly metric: Metric;
  readonly ours: SideResult;
  readonly peer: SideResult;
  /** Of each round, see Metric. */
  readonly scores: readonly number[];
  /** Their median. */
  readonly score: number;
  /** Largest value of the peer divided by its smallest. */
  readonly baselineScatter: number;
  /** 1, or more where the baseline scattered too much and the run was repeated. */
  readonly attempts: number;
  readonly verdict: Verdict;
}

export interface SideResult {
  readonly name: string;
  readonly values: readonly number[];
  readonly median: number | undefined;
  /** Of its processes after a round, if it has any by then. */
  readonly rssMiB: number | undefined;
}
