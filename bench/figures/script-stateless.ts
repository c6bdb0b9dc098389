/** How many small scripts one engine process runs in a second.
 *
 *  Ours: scripts through the pool, a few waiting at any time, one running: sent to the engine's process, compiled (types, final expression), evaluated in a warm
 *  engine whose memory is put back to what it was, its result as JSON sent back.
 *  Peer: the same library in one process: a fresh engine created, the script evaluated, its result read, the engine freed; no process in between.
 *  Fair, because both start every script from a pristine engine with the same extensions and the same globals, one at a time on one core; the
 *  peer is spared ours' process, types and limits. Reported beside it: a peer that goes without the globals (console, timers, URL, …), too.
 *
 *  And a loop that only computes, in the engine and in Node itself: what the absence of a just-in-time compiler costs. */
import type { EnginePool } from "../../src/scripts/engine/engine-pool.ts";
import { compare } from "../harness/compare.ts";
import type { Bench, Figure } from "../harness/figure.ts";
import { openOneEngine, openScriptPeer, scriptLimits } from "../harness/script-engine.ts";

const scriptsPerRound = 400;
/** So that the engine is what is measured, and not the way to it. */
const clients = 4;
const scripts = [
  "2 ** 10 + 7 * 6",
  "Math.sqrt(1764)",
  "JSON.stringify({ a: [1, 2, 3], b: 'text' })",
  "[1, 2, 3, 4].reduce((sum, n) => sum + n, 0)",
  "'ab'.repeat(20).length",
  "Object.keys({ a: 1, b: 2 }).length",
  "[1, 2, 3, 4, 5, 6].filter((n) => n % 2).map((n) => n * n)",
];
/** An answer that needs every turn of the loop. */
const loop = "let sum = 0; for (let i = 0; i < 3_000_000; i++) sum = (sum + i * 7) % 1000003; sum";

export const scriptStateless: Figure = {
  name: "script-stateless",
  title: "small scripts, each from a pristine engine",
  async run(bench) {
    return [
      ...(await againstFreshEngines(bench, "fresh")),
      ...(await againstFreshEngines(bench, "bare")),
      ...(await againstCompiledCode(bench)),
    ];
  },
};

async function againstFreshEngines(bench: Bench, mode: "fresh" | "bare") {
  await using pool = openOneEngine();
  await using plain = openScriptPeer(bench);
  const sources = Array.from({ length: scriptsPerRound }, (_, index) => scripts[index % scripts.length]!);
  return await compare(bench, {
    metrics: {
      rate: {
        label: mode === "fresh" ? "stateless executions" : "stateless executions, peer without the globals",
        unit: "/s",
        score: "ratio",
        aim: mode === "fresh" ? { at: "least", limit: 6 } : undefined,
      },
    },
    ours: {
      name: "runyard",
      pids: () => pool.usage().pids,
      async measure() {
        const startedAt = performance.now();
        const left = sources.values();
        await Promise.all(Array.from({ length: clients }, () => runAll(pool, left)));
        return { rate: (sources.length / (performance.now() - startedAt)) * 1000 };
      },
    },
    peer: {
      name: mode === "fresh" ? "fresh engine" : "bare engine",
      pids: () => [plain.pid],
      async measure() {
        const { times } = await plain.run({ mode, sources });
        return { rate: (times.length / times.reduce((sum, time) => sum + time, 0)) * 1000 };
      },
    },
  });
}

async function runAll(pool: EnginePool, sources: Iterable<string>): Promise<void> {
  for (const source of sources) {
    const { status } = await pool.execute({ source, fairnessKey: "bench", limits: scriptLimits });
    if (status !== "completed") throw new Error(`${source}: ${status}`);
  }
}

async function againstCompiledCode(bench: Bench) {
  await using pool = openOneEngine();
  const compiled = new Function(loop.replace(/sum$/, "return sum"));
  return await compare(bench, {
    metrics: { time: { label: "a loop that only computes", unit: "ms", score: "ratio" } },
    ours: {
      name: "runyard",
      pids: () => pool.usage().pids,
      async measure() {
        const { timings } = await pool.execute({ source: loop, fairnessKey: "bench", limits: scriptLimits });
        return { time: timings.runMs };
      },
    },
    peer: {
      name: "node",
      pids: () => [],
      async measure() {
        const startedAt = performance.now();
        compiled();
        return { time: performance.now() - startedAt };
      },
    },
  });
}
