/** SIGINT and SIGTERM, for commands that have something to put in order before they end. */
import { exitCodes } from "./exit-codes.ts";

export type StopSignal = "SIGINT" | "SIGTERM";

/** npm forwards a Ctrl-C that the terminal has sent to its command already: the same one arrives twice, 1 ms apart (seen with npm 11). */
const sameKeyPressMs = 500;

export interface StopRequest extends Disposable {
  /** Resolves with the first signal. A second one, pressed later, ends the process at once, or does what was asked for. */
  readonly received: Promise<StopSignal>;
}

export function onStopRequest({
  onSecond = (signal) => process.exit(exitCodeOf(signal)),
}: {
  onSecond?: (signal: StopSignal) => void;
} = {}): StopRequest {
  const { promise, resolve } = Promise.withResolvers<StopSignal>();
  let firstAt: number | undefined;
  const listener = (signal: StopSignal): void => {
    const now = performance.now();
    firstAt ??= now;
    resolve(signal);
    if (now - firstAt > sameKeyPressMs) onSecond(signal);
  };
  process.on("SIGINT", listener);
  process.on("SIGTERM", listener);
  return {
    received: promise,
    [Symbol.dispose]() {
      process.off("SIGINT", listener);
      process.off("SIGTERM", listener);
    },
  };
}

export function exitCodeOf(signal: StopSignal): number {
  return signal === "SIGINT" ? exitCodes.interrupted : exitCodes.terminated;
}
