/** `runyard channel rm` */
import type { Command } from "commander";
import { findChannel, removeChannel } from "../../client/channels.ts";
import type { YardFlags } from "../../client/find-yard.ts";
import { inert } from "../../client/inert.ts";
import { eachApp } from "../app/each-app.ts";
import { addYardOptions, connectToYard } from "../yard-options.ts";

export function define(command: Command): void {
  addYardOptions(command)
    .argument("<channel...>", "their names or ids")
    .addHelpText("after", "\nExample:\n  $ runyard channel rm ops")
    .action(async (called: string[], flags: YardFlags) => {
      const client = await connectToYard(flags);
      const { code } = await eachApp(called, async (one) => {
        const { id, name } = await findChannel(client, one);
        await removeChannel(client, id);
        console.log(`${inert(name)} is removed.`);
      });
      process.exitCode = code;
    });
}
