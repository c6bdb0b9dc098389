/** How an execution ends. */
export const executionStatuses = ["completed", "failed", "timed_out", "cancelled"] as const;
export type ExecutionStatus = (typeof executionStatuses)[number];

/** `syntax`: it cannot be parsed. `thrown`: an error that nobody caught. `unsettled`: it awaits what nothing will settle. `crashed`: the engine's
 *  process ended. The others name the limit. */
export const failureKinds = ["syntax", "thrown", "unsettled", "out_of_memory", "too_much_output", "crashed"] as const;
export type FailureKind = (typeof failureKinds)[number];

export interface ExecutionFailure {
  readonly kind: FailureKind;
  /** Name, message and stack, with positions in the user's own source. */
  readonly message: string;
}

/** The script's final value. */
export interface ScriptResult {
  /** JSON. Undefined: there was none, or JSON cannot express it. */
  readonly json?: string;
  /** What JSON could not express, each as path and kind: `$.when: a function`. */
  readonly lost: readonly string[];
}
