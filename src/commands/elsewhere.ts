/** In place of the commands that the single-file program leaves out. */
import type { Command } from "commander";
import { YardError } from "../platform/errors.ts";

export function define(command: Command): void {
  command
    .helpOption(false)
    .allowUnknownOption()
    .allowExcessArguments()
    .action(() => {
      throw new YardError(
        "unavailable",
        `${command.name()} is not in this program, which is the client alone. Install the whole of it: npm install --global runyard`,
      );
    });
}
