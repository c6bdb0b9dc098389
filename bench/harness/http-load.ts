/** HTTP load from a process of its own, by autocannon: 32 connections, one request at a time on each. */
import { text } from "node:stream/consumers";
import type { Bench, Side } from "./figure.ts";
import { peerModules } from "./paths.ts";
import { cpuSecondsOf } from "./processes.ts";

const connections = 32;

export interface HttpTarget {
  readonly pid: number;
  readonly url: string;
  readonly authorization: string;
}

interface HttpRate {
  readonly perSecond: number;
  /** CPU time of the server's process, in microseconds: steadier than the rate, since it does not depend on what else ran. */
  readonly cpuMicrosPerRequest: number;
  /** Cores the server kept busy: near 1 means that it was the bottleneck, and not the load. */
  readonly busyCores: number;
}

/** @throws {Error} if any request failed or was answered with another status than 2xx */
async function httpRate(bench: Bench, target: HttpTarget, seconds: number): Promise<HttpRate> {
  await using load = bench.children.start(
    process.execPath,
    [
      `${peerModules}/autocannon/autocannon.js`,
      ...["--connections", String(connections), "--duration", String(seconds), "--json", "--no-progress"],
      ...["--headers", `authorization=${target.authorization}`, target.url],
    ],
    { stdio: ["ignore", "pipe", "ignore"], signal: bench.signal },
  );
  const cpuBefore = cpuSecondsOf([target.pid]);
  const started = performance.now();
  const output = await text(load.process.stdout!);
  const elapsed = (performance.now() - started) / 1000;
  const cpuSeconds = cpuSecondsOf([target.pid]) - cpuBefore;
  bench.signal.throwIfAborted();
  const result: { "2xx": number; non2xx: number; errors: number; timeouts: number; duration: number } =
    JSON.parse(output);
  if (result.errors + result.timeouts + result.non2xx > 0) {
    throw new Error(
      `${target.url}: ${result.errors} errors, ${result.timeouts} timeouts, ${result.non2xx} refusals under load`,
    );
  }
  const requests = result["2xx"];
  return {
    perSecond: requests / result.duration,
    cpuMicrosPerRequest: (cpuSeconds / requests) * 1e6,
    busyCores: cpuSeconds / Math.min(elapsed, result.duration),
  };
}

/** A server under that load, as one side of a comparison. */
export function httpSide(
  bench: Bench,
  name: string,
  target: HttpTarget,
  seconds: number,
): Side<"rate" | "cpu" | "busy"> {
  return {
    name,
    pids: () => [target.pid],
    async measure() {
      const { perSecond, cpuMicrosPerRequest, busyCores } = await httpRate(bench, target, seconds);
      return { rate: perSecond, cpu: cpuMicrosPerRequest, busy: busyCores };
    },
  };
}
