/** How a command line ends that was about one command in a capsule. */
import type { ExecParts } from "../../client/capsule-exec.ts";
import type { YardFlags } from "../../client/find-yard.ts";
import { exitCodes } from "../exit-codes.ts";
import { followParts, notice } from "../yard-options.ts";

/** @param code of the command: -1, if a signal has ended it; undefined, if nobody knows */
export function exitCodeFor(code: number | undefined): number {
  if (code === undefined) notice("the command has ended, but its exit code is unknown: the connection was away then");
  if (code === -1) notice("a signal has ended the command");
  return code === undefined || code < 0 ? exitCodes.failure : code;
}

/** What it takes to run one, with its outputs apart. */
export function execParts(flags: YardFlags, signal: AbortSignal): ExecParts {
  return { ...followParts(flags, signal), errors: process.stderr };
}
