/** The files of one execution: a snapshot, mounted so that the script changes a copy of its own. What others do to a label meanwhile it does not
 *  see, and nothing outside of the tree exists for it. */
import type { Snapshots } from "../../snapshots/snapshots.ts";
import type { WorkingTree } from "../../snapshots/working-tree.ts";

export type FileTrees = Pick<Snapshots, "open" | "emptyId"> & { readonly labels: Pick<Snapshots["labels"], "get"> };

export interface MountLimits {
  /** Of all files together. */
  readonly maxBytes: number;
  /** Of what is read at once. */
  readonly maxReadBytes: number;
}

/** @param handle 64 hexadecimal digits are the id of a snapshot; anything else is a label, mounted as it is now; one that there is not yet is an empty tree
 *  @throws {YardError} not_found: no snapshot of this team has that id; others: it cannot be read now */
export async function openMount(
  trees: FileTrees,
  { teamId, handle, limits }: { teamId: string; handle: string; limits: MountLimits },
): Promise<WorkingTree> {
  const isId = /^[0-9a-f]{64}$/i.test(handle);
  const id = isId ? handle : ((await trees.labels.get(teamId, handle)) ?? trees.emptyId);
  return await trees.open(teamId, id, { directories: "implicit", limits });
}
