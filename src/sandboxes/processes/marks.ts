/** How a process, and whatever it has started, is known again: by two variables in the environment that each inherits from its parent.
 *  They find what has left its process group, and what was started in the moment before the agent died. */
import { listPids, readEnvironment, readStat } from "../../platform/process/procfs.ts";
import { killProcess } from "../../platform/process/signals.ts";

export const processMark = "RUNYARD_PROCESS";
export const sandboxMark = "RUNYARD_SANDBOX";

export interface Marked {
  readonly pid: number;
  readonly startTicks: number;
  readonly isGroupLeader: boolean;
  readonly sandbox: string;
  readonly process: string;
}

/** Names unlike those of any other agent, by `owner`: several agents may use the same ids on one machine. */
export function marksFor(owner: string, sandbox: string, process: string): Record<string, string> {
  return { [processMark]: process, [sandboxMark]: `${owner}/${sandbox}` };
}

/** Everything on this machine that carries the owner's marks, in the order of pids. */
export function findMarked(owner: string): Marked[] {
  const found: Marked[] = [];
  for (const pid of listPids()) {
    const environment = readEnvironment(pid);
    const sandbox = variable(environment, sandboxMark);
    const process = variable(environment, processMark);
    if (!sandbox?.startsWith(`${owner}/`) || process === undefined) continue;
    const stat = readStat(pid);
    if (!stat) continue;
    const isGroupLeader = stat.group === pid;
    found.push({ pid, startTicks: stat.startTicks, isGroupLeader, sandbox: sandbox.slice(owner.length + 1), process });
  }
  return found;
}

function variable(environment: readonly string[], name: string): string | undefined {
  return environment.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1);
}

/** Kills what has outlived its process. @returns how many there were */
export function killStragglers(owner: string, isStraggler: (marked: Marked) => boolean): number {
  const stragglers = findMarked(owner).filter(isStraggler);
  for (const { pid, startTicks } of stragglers) killProcess(pid, startTicks);
  return stragglers.length;
}
