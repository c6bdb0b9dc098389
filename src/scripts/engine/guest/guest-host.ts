/** What the functions in this folder share. They run inside the engine, not here: each is taken as text (`Function.prototype.toString`) and evaluated
 *  there once, before any script, so each must stand alone: no imports but types, nothing from its surroundings. What they capture
 *  (`JSON.stringify`, `Map`) is captured before a script can replace it. */

/** The functions of the engine's process, as the guest sees them. They take and give strings, numbers and bytes, never objects, and only the
 *  functions in this folder hold them: no script can reach one. */
export interface GuestHost {
  print(text: string): void;
  /** A timer that fires once, `delayMs` from now. While a `held` one is pending the execution goes on. */
  setTimer(id: number, delayMs: number, held: boolean): void;
  clearTimer(id: number): void;
  /** Asks for a capability. The answer comes through `GuestHooks.settle`. */
  call(id: number, name: string, args: string, content?: Uint8Array): void;
}

/** What the engine's process calls. */
export interface GuestHooks {
  /** To be called before each execution. */
  begin(options: string): void;
  fireTimer(id: number): void;
  settle(id: number, ok: boolean, value: string, content?: Uint8Array): void;
  /** @returns JSON of a `DescribedValue` */
  describeValue(value: unknown): string;
  /** @returns JSON of a `DescribedError` */
  describeError(error: unknown): string;
}

export interface BeginOptions {
  /** `json` prints every argument that is no string as JSON. */
  readonly format: "inspect" | "json";
  /** Names of what the host would answer. Globals that need others do not exist. */
  readonly capabilities: readonly string[];
  readonly maxTimers: number;
  /** Host calls that may be under way at once. */
  readonly maxCalls: number;
}

/** A script's final value as JSON, and what of it JSON cannot express. */
export interface DescribedValue {
  readonly json?: string;
  /** Path and kind of each, the first few: `$.when: a function`. */
  readonly lost: readonly string[];
}

export interface DescribedError {
  /** `TypeError`, or undefined for a thrown value that is no error. */
  readonly name?: string;
  readonly message: string;
  readonly stack: string;
}

/** What the parts of the guest hand one another. */
export interface GuestParts {
  readonly inspect: (value: unknown) => string;
  readonly printLine: (text: string) => void;
}
