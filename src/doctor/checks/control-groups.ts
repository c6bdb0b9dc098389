/** Whether what runs can be limited, and paused. */
import { accessSync, constants } from "node:fs";
import { controllers, readHierarchies } from "../../platform/process/cgroup-hierarchies.ts";
import type { Finding } from "../finding.ts";

const name = "control groups";

/** @param root where /proc and the mounts are looked for */
export function checkControlGroups(root = "/"): Finding {
  const hierarchies = readHierarchies(root);
  const absent = controllers.filter((controller) => !hierarchies.has(controller));
  if (absent.length > 0) {
    const fix =
      "Mount the cgroup file system, or, as a service of systemd, set Delegate=yes; in a container, share the host's.";
    return { name, state: "missing", what: `There is no controller for ${absent.join(", ")}: no limits on it.`, fix };
  }
  const closed = controllers.filter((controller) => !isWritable(hierarchies.get(controller)!.own));
  if (closed.length > 0) {
    const fix = "Run the agent as root, or have the group delegated to it (Delegate=yes of its systemd unit).";
    return { name, state: "missing", what: `The controllers for ${closed.join(", ")} are not ours to use.`, fix };
  }
  const versions = [...new Set(controllers.map((controller) => hierarchies.get(controller)!.version))];
  const what = `Memory, CPU and processes can be limited (version ${versions.join(" and ")}).`;
  return { name, state: "ok", what };
}

function isWritable(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
