/** Which control group a process of a sandbox is in: one of its own if it has limits of its own, else the one that all others share. */
import type { CgroupTree } from "../../platform/process/cgroup-tree.ts";
import { type Cgroup, openCgroup } from "../../platform/process/cgroups.ts";
import { hasLimits, type ProcessGroups } from "../processes/processes.ts";

/** @param treeOf the groups of a sandbox; undefined, if it is gone */
export function createGroups(treeOf: (sandbox: string) => CgroupTree | undefined): ProcessGroups {
  return {
    make({ sandbox, process }, limits) {
      const tree = treeOf(sandbox);
      return tree && (hasLimits(limits) ? tree.leaf(`process-${process}`, limits) : shared(tree));
    },
    find({ sandbox, cgroup }) {
      if (cgroup && cgroup.length > 0) return openCgroup(cgroup);
      const tree = treeOf(sandbox);
      return tree && shared(tree);
    },
  };
}

/** The common group as one process has it: its end removes nothing, and of what the kernel has killed there, what came in its time counts. */
function shared({ main }: CgroupTree): Cgroup {
  const killedBefore = main.outOfMemoryKills();
  return {
    directories: [],
    doors: main.doors,
    joining: main.joining,
    outOfMemoryKills: () => main.outOfMemoryKills() - killedBefore,
    remove: async () => {},
  };
}
