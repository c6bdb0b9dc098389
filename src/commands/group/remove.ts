/** `runyard group remove` */
import type { Command } from "commander";
import type { YardFlags } from "../../client/find-yard.ts";
import { removeMembers } from "../../client/groups.ts";
import { inert } from "../../client/inert.ts";
import { addYardOptions, connectToYard } from "../yard-options.ts";

export function define(command: Command): void {
  addYardOptions(command)
    .argument("<group>", "the group; you must be its Admin")
    .argument("<user...>", "who")
    .addHelpText("after", "\nExample:\n  $ runyard group remove crew ben")
    .action(async (group: string, users: string[], flags: YardFlags) => {
      await removeMembers(await connectToYard(flags), group, users);
      console.log(`Not in ${inert(group)} any more: ${users.map(inert).join(", ")}.`);
    });
}
