/** The parts of programs and libraries that this process has only ever read: nothing of theirs is lost when they are unmapped, since they
 *  are mapped again, from their file, where they are touched. */

export interface Mapping {
  readonly start: bigint;
  /** In bytes. */
  readonly length: bigint;
}

/** `5581ed000000-5581ed400000 r-xp 00bc4000 fe:01 1234    /usr/bin/node`: see proc_pid_smaps(5). */
const header = /^([0-9a-f]+)-([0-9a-f]+) (\S{4}) \S+ \S+ \d+ +\//;
const anyHeader = /^[0-9a-f]+-[0-9a-f]+ /;

/** @param smaps the text of /proc/PID/smaps */
export function untouchedFileMappings(smaps: string): readonly Mapping[] {
  const found: Mapping[] = [];
  let current: Mapping | undefined;
  for (const line of smaps.split("\n")) {
    if (anyHeader.test(line)) current = readOnlyOf(line);
    // Pages of its own are what the process has written, such as addresses that the linker has put in before it made them read-only.
    else if (current && /^Anonymous: +0 kB$/.test(line)) found.push(current);
  }
  return found;
}

function readOnlyOf(line: string): Mapping | undefined {
  const [, start, end, access] = header.exec(line) ?? [];
  if (start === undefined || end === undefined || (access !== "r-xp" && access !== "r--p")) return undefined;
  const from = BigInt(`0x${start}`);
  return { start: from, length: BigInt(`0x${end}`) - from };
}
