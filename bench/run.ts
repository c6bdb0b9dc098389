/** `npm run bench [-- names…]`: measures Runyard against its peers. See docs/benchmarks.md. */
import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { figures } from "./figures/index.ts";
import { createChildren, killDaemons } from "./harness/children.ts";
import type { Bench, Figure } from "./harness/figure.ts";
import { installPeers } from "./harness/install-peers.ts";
import { describeMachine, load } from "./harness/machine.ts";
import { allPassed, type FigureResult, type Report, saveReport, tableOf } from "./harness/report.ts";

const fewestRounds = 5;
const interruptedExitCode = 130;

const usage = `Usage: npm run bench -- [--rounds N] [NAME…]

Measures all figures, or those named:
${figures.map((figure) => `  ${figure.name.padEnd(20)} ${figure.title}`).join("\n")}

Exit code: 0 if every aim was reached, 1 if one was missed, inconclusive or could not be measured, 2 for wrong usage,
${interruptedExitCode} after Ctrl-C.
`;

class UsageError extends Error {}

interface Choice {
  readonly help: boolean;
  readonly rounds: number;
  readonly figures: readonly Figure[];
}

/** @throws {UsageError} naming what was wrong */
function choose(args: readonly string[]): Choice {
  const options = {
    rounds: { type: "string", default: String(fewestRounds) },
    help: { type: "boolean", default: false },
  } as const;
  const { values, positionals } = parse(() => parseArgs({ args: [...args], options, allowPositionals: true }));
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < fewestRounds)
    throw new UsageError(`--rounds must be a whole number of at least ${fewestRounds}`);
  const unknown = positionals.filter((name) => !figures.some((figure) => figure.name === name));
  if (unknown.length > 0) throw new UsageError(`no such figure: ${unknown.join(", ")}`);
  const chosen = figures.filter((figure) => positionals.length === 0 || positionals.includes(figure.name));
  return { help: values.help, rounds, figures: chosen };
}

function parse<T>(parsing: () => T): T {
  try {
    return parsing();
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

async function measureAll(bench: Bench, chosen: readonly Figure[]): Promise<Report> {
  const startedAt = new Date().toISOString();
  const results: FigureResult[] = [];
  for (const figure of chosen) {
    bench.say(`${figure.name}: ${figure.title}`);
    results.push(await measure(bench, figure));
    bench.signal.throwIfAborted();
  }
  return { startedAt, rounds: bench.rounds, machine: await describeMachine(), figures: results };
}

/** One figure that cannot be measured does not keep the others from being. */
async function measure(bench: Bench, { name, title, run }: Figure): Promise<FigureResult> {
  const before = load();
  try {
    const comparisons = await run(bench);
    return { name, title, comparisons, load: [before, load()] };
  } catch (error) {
    return {
      name,
      title,
      comparisons: [],
      load: [before, load()],
      failure: error instanceof Error ? error.message : String(error),
    };
  }
}

/** Everything that is to be gone afterwards is, however this process ends (but for a SIGKILL). */
async function openBench(rounds: number): Promise<Bench> {
  const interrupted = new AbortController();
  const children = createChildren();
  const directory = await mkdtemp(join(tmpdir(), "runyard-bench-"));
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => {
      if (interrupted.signal.aborted) process.exit(interruptedExitCode); // the second time: at once
      interrupted.abort(new Error(name));
    });
  }
  process.once("exit", () => {
    children.killAll();
    killDaemons(directory);
    rmSync(directory, { recursive: true, force: true });
  });
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  return { signal: interrupted.signal, rounds, children, directory, say };
}

async function main(): Promise<number> {
  const choice = choose(process.argv.slice(2));
  if (choice.help) {
    process.stdout.write(usage);
    return 0;
  }
  const bench = await openBench(choice.rounds);
  try {
    await installPeers(bench.signal);
    const report = await measureAll(bench, choice.figures);
    process.stdout.write(`\n${tableOf(report)}\nsaved as ${await saveReport(report)}.{txt,json}\n`);
    return allPassed(report) ? 0 : 1;
  } catch (error) {
    if (bench.signal.aborted) return interruptedExitCode;
    throw error;
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
