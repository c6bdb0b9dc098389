/** What was measured, for people (a table) and for programs (JSON). */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Comparison, Figure, Metric } from "./figure.ts";
import type { Machine } from "./machine.ts";
import { resultsDirectory } from "./paths.ts";

export interface FigureResult {
  readonly name: Figure["name"];
  readonly title: Figure["title"];
  readonly comparisons: readonly Comparison[];
  /** Load averages before and after. */
  readonly load: readonly [before: string, after: string];
  /** Why it could not be measured. */
  readonly failure?: string;
}

export interface Report {
  readonly startedAt: string;
  readonly rounds: number;
  readonly machine: Machine;
  readonly figures: readonly FigureResult[];
}

const heading = ["what", "ours", "peer", "of each round", "median", "aim", "verdict", "RSS MiB"];

export function tableOf(report: Report): string {
  const { machine } = report;
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  const lines = [
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.system}`,
    `${versions.join(", ")}; ${report.rounds} rounds, ours and the peer in turn; ${report.startedAt}`,
  ];
  for (const figure of report.figures) {
    lines.push("", `${figure.name}: ${figure.title} (load ${figure.load[0]} before, ${figure.load[1]} after)`);
    if (figure.failure !== undefined) lines.push(`  could not be measured: ${figure.failure}`);
    else lines.push(...aligned([heading, ...figure.comparisons.map(rowOf)]));
  }
  return `${lines.join("\n")}\n`;
}

function rowOf(comparison: Comparison): readonly string[] {
  const { metric, ours, peer } = comparison;
  const repeated = comparison.attempts > 1 ? ` (run ${comparison.attempts} times)` : "";
  const value = (median: number | undefined) => (median === undefined ? "-" : `${number(median)} ${metric.unit}`);
  return [
    metric.label,
    value(ours.median),
    `${value(peer.median)} (${peer.name})`,
    comparison.scores.map(number).join(" "),
    number(comparison.score),
    aimOf(metric),
    `${comparison.verdict}${repeated}`,
    [ours.rssMiB, peer.rssMiB].map((rss) => rss?.toFixed(0) ?? "-").join(" | "),
  ];
}

function aimOf({ aim, score, unit }: Metric): string {
  if (!aim) return "";
  const sign = aim.at === "most" ? "≤" : "≥";
  if (score === "ratio") return `${sign} ${number(aim.limit)}x`;
  return score === "difference" ? `${sign} +${aim.limit} ${unit}` : `${sign} ${aim.limit} ${unit}`;
}

/** Three digits that say something. */
function number(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = heading.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}`.trimEnd());
}

/** `<start time>.json` and `.txt` in bench/results/, which git ignores. Returns the path without its ending. */
export async function saveReport(report: Report): Promise<string> {
  await mkdir(resultsDirectory, { recursive: true });
  const path = join(resultsDirectory, report.startedAt.replaceAll(":", "-"));
  await writeFile(`${path}.json`, `${JSON.stringify(report, null, 2)}\n`);
  await writeFile(`${path}.txt`, tableOf(report));
  return path;
}

/** Everything measured, and every aim reached. */
export function allPassed(report: Report): boolean {
  return report.figures.every(
    (figure) =>
      figure.failure === undefined &&
      figure.comparisons.every(({ verdict }) => verdict === "pass" || verdict === "reported"),
  );
}
