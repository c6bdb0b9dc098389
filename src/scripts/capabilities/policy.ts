/** What an operator grants to scripts, as a YAML file says it (docs/scripts.md). What it does not grant is denied. */
import { Type } from "typebox";
import { Compile } from "typebox/compile";
import type { ModulePolicy } from "../modules/module-policy.ts";
import { ModuleSection, readModuleSection } from "../modules/module-section.ts";
import type { CommandPolicy } from "./commands/command-policy.ts";
import { CommandSection, readCommandSection } from "./commands/command-section.ts";
import type { FetchPolicy } from "./fetch-policy.ts";
import { FetchSection, readFetchSection } from "./fetch-section.ts";
import type { McpPolicy } from "./mcp/server-policy.ts";
import { McpSection, readMcpSection } from "./mcp/server-section.ts";
import { readDocument } from "./policy-document.ts";
import { closed } from "./policy-terms.ts";

/** What is undefined does not exist for scripts. */
export interface Policy {
  readonly fetch: FetchPolicy | undefined;
  readonly modules: ModulePolicy | undefined;
  readonly subprocess: CommandPolicy | undefined;
  readonly mcp: McpPolicy | undefined;
}

export const grantsNothing: Policy = { fetch: undefined, modules: undefined, subprocess: undefined, mcp: undefined };

const PolicyFile = Compile(
  Type.Object(
    {
      fetch: Type.Optional(FetchSection),
      modules: Type.Optional(ModuleSection),
      subprocess: Type.Optional(CommandSection),
      mcp: Type.Optional(McpSection),
    },
    closed,
  ),
);

/** @param path for messages
 *  @throws {YardError} invalid, with every fault in a line of its own: file and line, key, reason */
export function parsePolicy(path: string, text: string): Policy {
  return readDocument({ path, text }, PolicyFile, ({ fetch, modules, subprocess, mcp }, complain) => ({
    fetch: fetch && readFetchSection(fetch, complain),
    modules: modules && readModuleSection(modules, complain),
    subprocess: subprocess && readCommandSection(subprocess, complain),
    mcp: mcp && readMcpSection(mcp, complain),
  }));
}
