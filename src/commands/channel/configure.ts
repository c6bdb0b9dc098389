/** `runyard channel configure` */
import type { Command } from "commander";
import { configureChannel, findChannel } from "../../client/channels.ts";
import type { YardFlags } from "../../client/find-yard.ts";
import { inert } from "../../client/inert.ts";
import { addYardOptions, connectToYard } from "../yard-options.ts";
import { addConfigOption, type ConfigOptions, configHelp, readConfig } from "./channel-config.ts";

export function define(command: Command): void {
  addConfigOption(addYardOptions(command))
    .argument("<channel>", "its name or id")
    .addHelpText("after", `${configHelp}\n${help}`)
    .action(async (called: string, { set, ...flags }: YardFlags & ConfigOptions) => {
      const config = await readConfig({ set });
      const client = await connectToYard(flags);
      const { id, name } = await findChannel(client, called);
      await configureChannel(client, id, config);
      console.log(`${inert(name)} goes there from now on.`);
    });
}

const help = `
All fields are replaced. A webhook without a secret gets another one, which nobody is told: name one to go on checking signatures.

Example:
  $ runyard channel configure ops --set url=https://example.org/hook --set secret=@secret`;
