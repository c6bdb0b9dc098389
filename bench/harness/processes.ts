/** What Linux says about processes, from /proc. */
import { readdirSync, readFileSync } from "node:fs";

export interface Memory {
  /** Resident, shared pages counted in full for every process that has them. */
  readonly rssMiB: number;
  /** Resident, each shared page divided by the number of processes that share it: these sum up to what is really used. */
  readonly pssMiB: number;
  /** Resident and backed by no file: heaps, stacks, buffers. Nobody shares it. */
  readonly anonMiB: number;
  /** All that is anonymous, and the largest of the parts that are mapped from files, once: our processes map the same Node executable. */
  readonly onceMiB: number;
}

/** Of all these processes together; one that has ended counts nothing. */
export function memoryOf(pids: readonly number[]): Memory {
  let rssKiB = 0;
  let pssKiB = 0;
  let anonKiB = 0;
  let largestFileKiB = 0;
  for (const pid of pids) {
    const rollup = read(`/proc/${pid}/smaps_rollup`);
    rssKiB += Number(/^Rss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0);
    pssKiB += Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0);
    const status = read(`/proc/${pid}/status`);
    anonKiB += Number(/^RssAnon:\s+(\d+)/m.exec(status)?.[1] ?? 0);
    largestFileKiB = Math.max(largestFileKiB, Number(/^RssFile:\s+(\d+)/m.exec(status)?.[1] ?? 0));
  }
  return {
    rssMiB: rssKiB / 1024,
    pssMiB: pssKiB / 1024,
    anonMiB: anonKiB / 1024,
    onceMiB: (anonKiB + largestFileKiB) / 1024,
  };
}

/** /proc counts CPU time in units of 1/100 s on every architecture (USER_HZ, see proc_pid_stat(5)). */
const ticksPerSecond = 100;

/** CPU seconds that these processes have used so far, in user and in kernel mode, without their children. */
export function cpuSecondsOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const fields = statFields(pid);
    return sum + (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / ticksPerSecond;
  }, 0);
}

export function isRunning(pid: number): boolean {
  const state = statFields(pid)[0];
  return state !== undefined && state !== "Z";
}

/** Running processes with this text among their arguments. */
export function pidsByArgument(text: string): readonly number[] {
  return pids().filter((pid) => read(`/proc/${pid}/cmdline`).includes(text) && isRunning(pid));
}

/** Running processes with this text among their arguments or their variables. */
export function pidsNaming(text: string): readonly number[] {
  return pids().filter(
    (pid) =>
      (read(`/proc/${pid}/cmdline`).includes(text) || read(`/proc/${pid}/environ`).includes(text)) && isRunning(pid),
  );
}

function pids(): readonly number[] {
  return readdirSync("/proc").map(Number).filter(Number.isInteger);
}

/** The fields of /proc/PID/stat after the program's name, which may itself hold spaces and brackets: 0 is the state. */
function statFields(pid: number): readonly string[] {
  const stat = read(`/proc/${pid}/stat`);
  return stat === "" ? [] : stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // the process has ended meanwhile
  }
}
