/** Commands that are loaded one by one: `runyard run` starts fast, and `runyard agent` stays small. */
import type { Command } from "commander";

export interface CommandFile {
  /** Adds arguments, options, help and what to do. `args` are what follows the command's name. */
  define(command: Command, args: readonly string[]): void | Promise<void>;
}

export type CommandTable = Readonly<
  Record<string, { readonly summary: string; readonly load: () => Promise<CommandFile> }>
>;

/** Adds all commands of `table` below `parent`, and defines the one that `args` ask for. */
export async function addCommands(parent: Command, table: CommandTable, args: readonly string[]): Promise<void> {
  const [asked, ...rest] = args[0] === "help" ? args.slice(1) : args;
  for (const [name, { summary, load }] of Object.entries(table)) {
    const command = parent
      .command(name)
      .summary(summary)
      .description(`${summary[0]?.toUpperCase()}${summary.slice(1)}.`);
    if (name === asked) await (await load()).define(command, rest);
  }
}
