/** All that runs in a sandbox, whoever has started it: found by its control groups, told as it is numbered inside. */
import { closeSync, openSync, readSync } from "node:fs";
import { YardError } from "../../platform/errors.ts";
import type { CgroupTree } from "../../platform/process/cgroup-tree.ts";
import { isDead, type ProcessStat, readInnermostPid, readStat } from "../../platform/process/procfs.ts";
import type { Inhabitant, Inhabitants } from "../sandbox.ts";

/** Who runs more is told of as many. */
const mostListed = 1_000;
/** Of the words of each. */
const mostBytes = 4_096;
const firstPid = 1;

/** On the host, and as the sandbox numbers it. */
interface Member {
  readonly stat: ProcessStat;
  readonly pid: number;
}

export function createInhabitants(groups: () => CgroupTree): Inhabitants {
  return {
    list: async () => membersOf(groups()).slice(0, mostListed).map(inhabitantOf),
    async signal(pid, signal) {
      const member = membersOf(groups()).find((one) => one.pid === pid);
      if (!member) throw new YardError("not_found", `No process ${pid} runs in the sandbox.`);
      process.kill(member.stat.pid, signal);
    },
  };
}

/** Those that live, without the first process and what that has started itself to wait by: all others have sessions of their own. */
function membersOf(groups: CgroupTree): Member[] {
  const members: Member[] = [];
  for (const hostPid of groups.members()) {
    const stat = readStat(hostPid);
    const pid = readInnermostPid(hostPid);
    if (stat && pid !== undefined && !isDead(stat)) members.push({ stat, pid });
  }
  const first = members.find(({ pid }) => pid === firstPid);
  return members.filter(({ stat }) => stat.session !== first?.stat.session);
}

function inhabitantOf({ stat, pid }: Member): Inhabitant {
  const argv = wordsOf(stat.pid);
  return { pid, argv: argv.length > 0 ? argv : [`[${stat.name}]`] };
}

/** Program and arguments as they are now: a program may write over them. */
function wordsOf(pid: number): string[] {
  let fd: number | undefined;
  try {
    fd = openSync(`/proc/${pid}/cmdline`, "r");
    const bytes = Buffer.alloc(mostBytes);
    const text = bytes.toString("utf8", 0, readSync(fd, bytes, 0, mostBytes, 0)).replace(/\0+$/, "");
    return text === "" ? [] : text.split("\0");
  } catch {
    return []; // it has ended
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
