/** `runyard stack`: what is described in Compose files, and deployed to hosts. */
import type { Command } from "commander";
import { addCommands, type CommandTable } from "./command-table.ts";

const commands: CommandTable = {
  ls: { summary: "list the stacks, and where they are", load: () => import("./stack/ls.ts") },
  create: { summary: "make a stack of a Compose file; nothing is deployed", load: () => import("./stack/create.ts") },
  edit: { summary: "change a stack's file in your editor", load: () => import("./stack/edit.ts") },
  diff: { summary: "show what a deployment would do, and do nothing", load: () => import("./stack/diff.ts") },
  deploy: { summary: "make a host run what a stack's files describe", load: () => import("./stack/deploy.ts") },
  status: { summary: "show how a stack is", load: () => import("./stack/status.ts") },
  ps: { summary: "list a stack's containers", load: () => import("./stack/ps.ts") },
  logs: { summary: "print what a stack's containers have printed", load: () => import("./stack/logs.ts") },
  scale: { summary: "have so many containers of a service", load: () => import("./stack/scale.ts") },
  stop: { summary: "stop and remove stacks' containers", load: () => import("./stack/stop.ts") },
  history: { summary: "list a stack's deployments, or show one's steps", load: () => import("./stack/history.ts") },
  rollback: { summary: "go back to an earlier deployment", load: () => import("./stack/rollback.ts") },
  adopt: { summary: "take over a Compose project that runs already", load: () => import("./stack/adopt.ts") },
  rm: { summary: "delete stacks", load: () => import("./stack/rm.ts") },
};

export async function define(command: Command, args: readonly string[]): Promise<void> {
  command.addHelpText("after", help);
  await addCommands(command, commands, args);
}

const help = `
Where no host is named, it is the one that the stack was deployed to, and before that the yard's own.

Examples:
  $ runyard stack create shop -f compose.yaml
  $ runyard stack diff shop
  $ runyard stack deploy shop
  $ runyard stack logs -f shop`;
