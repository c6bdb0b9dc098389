/** Where this process may make control groups, by controller. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const controllers = ["memory", "cpu", "pids"] as const;
/** Of version 1 alone: in version 2 every group can be frozen and counts its CPU time. */
export const olderControllers = ["freezer", "cpuacct"] as const;
export type Controller = (typeof controllers)[number] | (typeof olderControllers)[number];

export interface Hierarchy {
  readonly version: 1 | 2;
  /** The group this process is in. */
  readonly own: string;
  /** The highest group that can be seen. */
  readonly top: string;
}

/** @param root where /proc and the mounts are looked for */
export function readHierarchies(root = "/"): ReadonlyMap<Controller, Hierarchy> {
  const found = new Map<Controller, Hierarchy>();
  const groups = ownGroups(readText(join(root, "proc/self/cgroup")));
  for (const line of readText(join(root, "proc/self/mountinfo")).split("\n")) {
    const mount = parseMount(line);
    if (!mount) continue;
    const version = mount.type === "cgroup" ? 1 : 2;
    const top = join(root, mount.point);
    for (const controller of [...controllers, ...olderControllers]) {
      const group = groups.get(version === 1 ? controller : "");
      if (group === undefined) continue;
      const own = inside(top, mount.root, group);
      const offered = version === 1 ? mount.options : words(readText(join(own, "cgroup.controllers")));
      if (offered.includes(controller)) found.set(controller, { version, own, top });
    }
  }
  return found;
}

/** The directory to make groups in.
 *
 *  Version 1: the group this process is in, so that what limits the agent also limits what it runs.
 *  Version 2 lets a group hand controllers down only while it holds no process itself. So: the own group, if all its members can be
 *  moved into a leaf of it (the agent and its parent alone in a service with `Delegate=yes`; or everybody in a container, whose top is
 *  not the real one); else `runyard` at the top, beside all others, which root may make. */
export function placeGroups(hierarchy: Hierarchy, controller: Controller): string {
  const { version, own, top } = hierarchy;
  if (version === 1) return own;
  if (handsDown(own, controller)) return own;
  const members = words(readText(join(own, "cgroup.procs"))).map(Number);
  const isContainerTop = own === top && existsSync(join(own, "cgroup.events")); // the real top has no such file
  const areOurs = own !== top && members.every((pid) => pid === process.pid || pid === process.ppid);
  if (isContainerTop || areOurs) {
    const leaf = join(own, "runyard-agent");
    mkdirSync(leaf, { recursive: true });
    for (const pid of members) writeFileSync(join(leaf, "cgroup.procs"), `${pid}`);
    handDown(own, controller);
    return own;
  }
  const beside = join(top, "runyard");
  mkdirSync(beside, { recursive: true });
  handDown(top, controller);
  handDown(beside, controller);
  return beside;
}

function handsDown(directory: string, controller: Controller): boolean {
  return words(readText(join(directory, "cgroup.subtree_control"))).includes(controller);
}

function handDown(directory: string, controller: Controller): void {
  if (!handsDown(directory, controller)) writeFileSync(join(directory, "cgroup.subtree_control"), `+${controller}`);
}

/** Controller → path of the group this process is in; the one of version 2 under the empty name. */
function ownGroups(text: string): Map<string, string> {
  const groups = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [, names, ...path] = line.split(":");
    if (names !== undefined) for (const name of names.split(",")) groups.set(name, path.join(":"));
  }
  return groups;
}

function parseMount(line: string) {
  const [before, after] = line.split(" - ");
  const [type, , options] = after?.split(" ") ?? [];
  const [, , , root, point] = before?.split(" ") ?? [];
  if ((type !== "cgroup" && type !== "cgroup2") || !root || !point) return undefined;
  return { type, root, point, options: options?.split(",") ?? [] };
}

/** A mount may show only a part of the hierarchy (containers): paths are taken relative to what it shows. */
function inside(top: string, mountRoot: string, group: string): string {
  const within = mountRoot === "/" ? group : group.startsWith(mountRoot) ? group.slice(mountRoot.length) : "/";
  const directory = join(top, within);
  return existsSync(directory) ? directory : top;
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}

function readText(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
