/** Signals to process groups, never to a stranger. */
import { constants } from "node:os";
import { errnoOf } from "../errors.ts";
import { isDead, listPids, readStat } from "./procfs.ts";

/** Signals the group that `leader` leads or led.
 *
 *  While a group has members the kernel gives its number to no new process, so a process of that number with another start time
 *  proves that the group is gone and the number belongs to somebody else.
 *  @returns whether there was anybody to signal */
export function signalGroup(leader: { pid: number; startTicks: number }, signal: NodeJS.Signals | 0): boolean {
  const stat = readStat(leader.pid);
  if (stat && stat.startTicks !== leader.startTicks) return false;
  try {
    process.kill(-leader.pid, signal);
    return true;
  } catch (error) {
    // EPERM: members that have become another user's; they are there, though out of reach.
    return errnoOf(error) === "EPERM" && signal === 0;
  }
}

/** Whether anybody in that group is still alive: walks through /proc. */
export function hasLivingMember(group: number): boolean {
  return listPids().some((pid) => {
    const stat = readStat(pid);
    return stat?.group === group && !isDead(stat);
  });
}

/** Kills one process, if it is still the one that started then. */
export function killProcess(pid: number, startTicks: number): void {
  if (readStat(pid)?.startTicks !== startTicks) return;
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has just ended, or is not ours to end.
  }
}

/** `SIGTERM` for 15; `SIG34` for a number without a name. */
export function signalName(number: number): string {
  for (const [name, value] of Object.entries(constants.signals)) if (value === number) return name;
  return `SIG${number}`;
}
