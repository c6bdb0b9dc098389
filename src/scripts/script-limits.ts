/** What one execution may use: what it asks for, within what the operator grants. */
import type { ExecutionLimits } from "./engine/limits.ts";

export interface LimitCeilings {
  readonly memoryMb: number;
  readonly outputBytes: number;
}

const leastMemoryMb = 8;
const usualTimeoutMs = 30_000;
const shortestTimeoutMs = 1_000;
const longestTimeoutMs = 300_000;
const timers = 10_000;
const calls = 64;

/** What is out of range is brought into it, not refused: clients ask for round numbers without knowing the ceilings. */
export function limitsWithin(
  { memoryMb = leastMemoryMb, timeoutMs = usualTimeoutMs }: { readonly memoryMb?: number; readonly timeoutMs?: number },
  ceilings: LimitCeilings,
): ExecutionLimits {
  return {
    memoryMb: Math.min(Math.max(memoryMb, leastMemoryMb), ceilings.memoryMb),
    timeoutMs: Math.min(Math.max(timeoutMs, shortestTimeoutMs), longestTimeoutMs),
    outputBytes: ceilings.outputBytes,
    timers,
    calls,
  };
}
