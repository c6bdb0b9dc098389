/** A host keeps what a process prints in one log. This tells its two streams apart: a shell runs the program with standard error going into a file
 *  that has no name any more, and adds that to the log when the program has ended, with its length and the exit code at the very end. */

export interface SeparateOutput {
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  /** One of them had to be cut off. */
  readonly isCut: boolean;
}

/** The unit of `ulimit -f`, by POSIX. */
const blockBytes = 512;
const trailerCharacters = 20;
/** How a shell says that a signal has ended a program: SIGXFSZ, the limit of a file's size. */
const overLimitCode = 128 + 25;

/** Nothing of the command is ever part of this text. The limit is that of the program alone, and of every file that it writes. */
const wrapper = `
blocks=$1; shift
exec 2>/dev/null # what the shell itself has to say of a killed program is none of its output
file=$(mktemp) || exit 125
exec 4>"$file" 5<"$file" 6<"$file"
rm -f -- "$file"
( ulimit -c 0; ulimit -f "$blocks" || exit 125; exec "$@" ) 2>&4 4>&- 5<&- 6<&-
code=$?
size=$(wc -c <&6)
cat <&5
printf '%016d%04d' "$size" "$code"
`;

/** @returns the program to run in place of `argv` */
export function withSeparateOutput(argv: readonly string[], maxBytes: number): string[] {
  return ["/bin/sh", "-c", wrapper, "sh", String(maxBytes / blockBytes), ...argv];
}

/** What the log of such a program may come to, in bytes. */
export function logBytes(maxBytes: number): number {
  return 2 * maxBytes + trailerCharacters;
}

/** @returns undefined if it is no whole log: the shell itself was ended */
export function separate(log: Buffer, maxBytes: number): SeparateOutput | undefined {
  const trailer = /^(\d{16})(\d{4})$/.exec(log.subarray(-trailerCharacters).toString("latin1"));
  if (trailer === null) return undefined;
  const printed = log.subarray(0, -trailerCharacters);
  const start = printed.length - Number(trailer[1]);
  if (start < 0) return undefined;
  const [stdout, stderr] = [printed.subarray(0, start), printed.subarray(start)];
  const code = Number(trailer[2]);
  const isCut = code === overLimitCode || stdout.length >= maxBytes || stderr.length >= maxBytes;
  return { code, stdout, stderr, isCut };
}
