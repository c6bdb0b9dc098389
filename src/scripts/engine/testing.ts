/** For tests: a pool with small limits, and scripts run in it with what they print. */
import { type EnginePool, openEnginePool } from "./engine-pool.ts";
import type { ExecutionOutcome, ExecutionRequest } from "./engine-run.ts";
import type { ExecutionLimits } from "./limits.ts";

export const testLimits: ExecutionLimits = {
  memoryMb: 8,
  timeoutMs: 10_000,
  outputBytes: 1_000_000,
  timers: 1_000,
  calls: 10,
};

export interface Ran extends ExecutionOutcome {
  readonly output: string;
  /** Parsed; undefined where there is none. */
  readonly value: unknown;
}

export interface TestPool extends AsyncDisposable {
  readonly pool: EnginePool;
  run(
    source: string,
    options?: Partial<Omit<ExecutionRequest, "limits">> & { limits?: Partial<ExecutionLimits> },
  ): Promise<Ran>;
}

export function openTestPool(size = 1): TestPool {
  const pool = openEnginePool({ size, maxQueued: 100, maxMemoryMb: 64, log: { warn() {} } });
  return {
    pool,
    async run(source, { limits, ...options } = {}) {
      const printed: Uint8Array[] = [];
      const outcome = await pool.execute({
        source,
        fairnessKey: "team",
        onOutput: (bytes) => printed.push(bytes.slice()),
        ...options,
        limits: { ...testLimits, ...limits },
      });
      const json = outcome.result?.json;
      return {
        ...outcome,
        output: Buffer.concat(printed).toString(),
        value: json === undefined ? undefined : JSON.parse(json),
      };
    },
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  };
}
