/** What the command line's exit codes mean. `run` exits with the code of the command that it ran, and uses these for its own failures. */
export const exitCodes = {
  ok: 0,
  failure: 1,
  usage: 2,
  /** 128 and the signal's number, as shells have it. */
  interrupted: 130,
  terminated: 143,
} as const;
