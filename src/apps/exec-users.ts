import type { OwnerDirectory } from "./parts.ts";

/** Who apps run as is decided by their owner's account, and over it by the yard's configuration.
 *  @param execUserOf the OS user in the end, of the account's own; empty is the agent's */
export function withExecUsers(owners: OwnerDirectory, execUserOf: (own: string) => Promise<string>): OwnerDirectory {
  return {
    async describe(userIds) {
      const described = new Map(await owners.describe(userIds));
      for (const [id, owner] of described) described.set(id, { ...owner, execUser: await execUserOf(owner.execUser) });
      return described;
    },
  };
}
