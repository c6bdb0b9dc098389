/** `runyard channel create` */
import { Argument, type Command, Option } from "commander";
import {
  type ChannelEvent,
  type ChannelProvider,
  channelEvents,
  channelProviders,
  createChannel,
} from "../../client/channels.ts";
import type { YardFlags } from "../../client/find-yard.ts";
import { inert } from "../../client/inert.ts";
import { addYardOptions, connectToYard, notice } from "../yard-options.ts";
import { addConfigOption, type ConfigOptions, configHelp, readConfig } from "./channel-config.ts";

interface CreateOptions extends YardFlags, ConfigOptions {
  event: readonly ChannelEvent[];
  json?: boolean;
}

export function define(command: Command): void {
  addConfigOption(addYardOptions(command))
    .argument("<name>", "small letters, digits, dots, hyphens and underscores")
    .addArgument(new Argument("<provider>", "what kind of receiver it is").choices(channelProviders))
    .addOption(new Option("--event <event...>", "what it is told of").choices(channelEvents).makeOptionMandatory())
    .option("--json", "print what the API answers, the secret included")
    .addHelpText("after", `${configHelp}\n${help}`)
    .action(create);
}

const help = `
Of a webhook, prints its secret, and nothing else, to standard output. It is shown once.

Example:
  $ runyard channel create ops slack --set webhook_url=@slack-url --event capsule.destroyed host.down`;

async function create(
  name: string,
  provider: ChannelProvider,
  { event: events, json, set, ...flags }: CreateOptions,
): Promise<void> {
  const config = await readConfig({ set });
  const { seen, secret } = await createChannel(await connectToYard(flags), { name, provider, config, events });
  if (json) return console.log(JSON.stringify(seen.json));
  if (secret !== undefined) console.log(secret);
  notice(`${inert(seen.name)} is there. Whether it can be reached: runyard channel test`);
}
