/** What one execution may use. */
export interface ExecutionLimits {
  /** Of memory beyond what the engine itself needs, the resumed state included, in MiB. */
  readonly memoryMb: number;
  /** From the moment a process takes it. */
  readonly timeoutMs: number;
  /** Printed text and the result, in bytes. */
  readonly outputBytes: number;
  /** Pending at once. */
  readonly timers: number;
  /** Calls to the host that are under way at once. */
  readonly calls: number;
}
