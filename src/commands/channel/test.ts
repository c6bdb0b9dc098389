/** `runyard channel test` */
import { Argument, type Command } from "commander";
import { type ChannelProvider, channelProviders, tryChannel } from "../../client/channels.ts";
import type { YardFlags } from "../../client/find-yard.ts";
import { addYardOptions, connectToYard } from "../yard-options.ts";
import { addConfigOption, type ConfigOptions, configHelp, readConfig } from "./channel-config.ts";

export function define(command: Command): void {
  addConfigOption(addYardOptions(command))
    .addArgument(new Argument("<provider>", "what kind of receiver it is").choices(channelProviders))
    .addHelpText("after", `${configHelp}\n${help}`)
    .action(async (provider: ChannelProvider, { set, ...flags }: YardFlags & ConfigOptions) => {
      const config = await readConfig({ set });
      await tryChannel(await connectToYard(flags), { provider, config });
      console.log("The test was received.");
    });
}

const help = `
Example:
  $ runyard channel test webhook --set url=https://example.org/hook --set secret=@secret`;
