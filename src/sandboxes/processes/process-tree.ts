/** Who has started whom, of one process and all that belongs to it. */
import type { ProcessStat } from "../../platform/process/procfs.ts";
import type { ProcessTree } from "../sandbox.ts";

/** A fork bomb is not drawn whole. */
const mostProcesses = 512;

interface Node {
  readonly pid: number;
  readonly name: string;
  readonly children: Node[];
}

/** @param members with the leader among them; who has lost the parent in between is the leader's own child */
export function processTree(leader: number, members: readonly ProcessStat[]): ProcessTree | undefined {
  const drawn = [...members].sort((a, b) => a.startTicks - b.startTicks || a.pid - b.pid).slice(0, mostProcesses);
  const nodes = new Map<number, Node>(drawn.map(({ pid, name }) => [pid, { pid, name, children: [] }]));
  const root = nodes.get(leader);
  for (const { pid, parent } of drawn) {
    const node = nodes.get(pid);
    if (node && node !== root) (nodes.get(parent) ?? root)?.children.push(node);
  }
  return root;
}
