/** `runyard group create` */
import type { Command } from "commander";
import type { YardFlags } from "../../client/find-yard.ts";
import { createGroup } from "../../client/groups.ts";
import { inert } from "../../client/inert.ts";
import { addYardOptions, connectToYard } from "../yard-options.ts";

export function define(command: Command): void {
  addYardOptions(command)
    .argument("<name>", "letters, digits, - and _; no user has that name")
    .addHelpText("after", "\nExample:\n  $ runyard group create crew")
    .action(async (name: string, flags: YardFlags) => {
      await createGroup(await connectToYard(flags), name);
      console.log(`${inert(name)} is there, and you are its Admin.`);
    });
}
