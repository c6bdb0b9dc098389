/** What the commands that move a label have in common. */
import type { Command } from "commander";
import type { YardFlags } from "../../client/find-yard.ts";
import { addYardOptions } from "../yard-options.ts";

export interface MoveOptions extends YardFlags {
  readonly message?: string;
  readonly json?: boolean;
}

export function addMoveOptions(command: Command): Command {
  return addYardOptions(command)
    .option("-m, --message <text>", "for the label's log: why")
    .option("--json", "print what the API answers");
}
