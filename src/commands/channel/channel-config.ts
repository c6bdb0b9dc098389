/** What a provider needs, as options. Other users of this machine see arguments: secrets come from files. */
import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import type { ChannelConfig } from "../../client/channels.ts";
import { YardError } from "../../platform/errors.ts";
import { addVariable, type Variables } from "../option-values.ts";
import { readStdin } from "../prompt.ts";

export interface ConfigOptions {
  set?: Variables;
}

export function addConfigOption(command: Command): Command {
  return command.option(
    "--set <field=value>",
    "what the provider needs; may be repeated. FIELD=@FILE is the text of a file, FIELD=@- of standard input",
    addVariable,
  );
}

export const configHelp = `
discord, slack, teams, googlechat: webhook_url. telegram: bot_token, chat_id. matrix: homeserver_url, access_token, room_id.
webhook: url, and secret, which signs what is sent and is made up if there is none.`;

export async function readConfig({ set = {} }: ConfigOptions): Promise<ChannelConfig> {
  const config: Record<string, string> = {};
  for (const [field, value] of Object.entries(set))
    config[field] = value.startsWith("@") ? await readValue(value.slice(1), field) : value;
  return config;
}

async function readValue(path: string, field: string): Promise<string> {
  if (path === "-") return readStdin();
  try {
    return (await readFile(path, "utf8")).replace(/\r?\n$/, "");
  } catch (error) {
    const reason = error instanceof Error ? error.message : error;
    throw new YardError("invalid", `cannot read ${path}: ${reason}`, { field: `--set ${field}`, cause: error });
  }
}
