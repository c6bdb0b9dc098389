import type { Command } from "commander";
import type { YardFlags } from "../../client/find-yard.ts";
import type { YardClient } from "../../client/http.ts";
import { ownGroup } from "../../client/tasks.ts";
import { addYardOptions } from "../yard-options.ts";

export interface GroupOptions extends YardFlags {
  group?: string;
  json?: boolean;
}

export function addGroupOption(command: Command): Command {
  return addYardOptions(command).option("--group <group>", "of this group (default: your own)");
}

export async function groupOf(client: YardClient, { group }: GroupOptions): Promise<string> {
  return group ?? (await ownGroup(client));
}
