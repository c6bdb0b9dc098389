/** `runyard capsule shell` */
import type { Command } from "commander";
import { useTerminal } from "../../client/capsule-terminal.ts";
import { findCapsule } from "../../client/capsules.ts";
import type { YardFlags } from "../../client/find-yard.ts";
import { exitCodes } from "../exit-codes.ts";
import { addVariable, type Variables } from "../option-values.ts";
import { stoppable } from "../stoppable.ts";
import { addYardOptions, connectToYard, followParts, notice } from "../yard-options.ts";
import { exitCodeFor } from "./outcome.ts";
import { takeSeat } from "./seat.ts";

interface ShellOptions extends YardFlags {
  cwd?: string;
  env?: Variables;
  attach?: string;
}

export function define(command: Command): void {
  addYardOptions(command)
    .argument("<capsule>", "its id, or a part of it")
    .argument("[command...]", "program and arguments, after -- (default: bash, or else sh)")
    .option("--attach <tag>", "start nothing: go back to this terminal, which runyard capsule ps shows")
    .option("--cwd <directory>", "working directory (default: the home directory)")
    .option("--env <key=value>", "variable for the command; may be repeated", addVariable)
    .addHelpText("after", help)
    .action(async (called: string, argv: string[], options: ShellOptions) => {
      if (options.attach !== undefined && argv.length > 0) command.error("error: --attach starts no command");
      process.exitCode = await shell(called, argv, options);
    });
}

const help = `
A real terminal: all keys, Ctrl-C among them, go into the capsule, and its size follows this one's. When the connection or the yard goes away, it waits and
comes back to the same terminal; Ctrl-C gives up meanwhile. Closing the window, or SIGTERM, leaves it running: --attach goes back.

Where there is no terminal here, standard input is typed into it, and its end is Ctrl-D.

Exits with the shell's exit code; ${exitCodes.failure} if that is unknown, or a signal has ended it.

Examples:
  $ runyard capsule shell "$ID"
  $ runyard capsule shell "$ID" -- top
  $ echo 'make test; exit' | runyard capsule shell "$ID"
  $ runyard capsule shell --attach pty-1f0c22aa "$ID"`;

function shell(called: string, argv: readonly string[], options: ShellOptions): Promise<number> {
  return stoppable(
    async (signal) => {
      const client = await connectToYard(options);
      const capsule = await findCapsule(client, called);
      const { attach, cwd, env } = options;
      using seat = takeSeat();
      const term = seat.isTerminal ? (process.env.TERM ?? "xterm-256color") : "dumb";
      const wanted = attach === undefined ? { command: { argv, cwd, env: { TERM: term, ...env } } } : { tag: attach };
      let tag: string | undefined;
      const parts = { ...followParts(options, signal), seat, notice: seat.tell };
      try {
        const onTag = (started: string): void => {
          tag = started;
        };
        const code = await useTerminal(client, capsule, wanted, { ...parts, onTag });
        seat.leave({ isOver: true });
        return exitCodeFor(code);
      } catch (error) {
        seat.leave({ isOver: false });
        if (tag !== undefined)
          notice(`the terminal is left as it was. To go back: runyard capsule shell --attach ${tag} ${capsule}`);
        throw error;
      }
    },
    { whenOutputCloses: exitCodes.failure },
  );
}
