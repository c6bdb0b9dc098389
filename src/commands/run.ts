/** `runyard run`: a command on the yard, as if it ran here. */
import { type Command, InvalidArgumentError } from "commander";
import { join } from "shlex";
import type { YardFlags } from "../client/find-yard.ts";
import { runRemotely } from "../client/remote-run.ts";
import { maxRunSeconds } from "../client/runs.ts";
import { exitCodes } from "./exit-codes.ts";
import { addVariable, type Variables } from "./option-values.ts";
import { stoppable } from "./stoppable.ts";
import { addYardOptions, followParts, notice } from "./yard-options.ts";

interface RunOptions extends YardFlags {
  name?: string;
  timeout?: number;
  cwd?: string;
  env?: Variables;
}

export function define(command: Command): void {
  addYardOptions(command)
    .argument("[command...]", "program and arguments, after --; no shell reads them")
    .option("--name <name>", "name of the run; alone, without a command: run a copy of the app of that name")
    .option("--timeout <seconds>", "stop it after this long (default: two days)", parseTimeout)
    .option("--cwd <directory>", "working directory on the yard's host")
    .option("--env <key=value>", "variable for the command; may be repeated", addVariable)
    .addHelpText("after", help)
    .action(async (argv: string[], options: RunOptions) => {
      if (argv.length === 0 && options.name === undefined)
        command.error("error: no command. Name it after --, as in: runyard run -- date");
      process.exitCode = await run(argv, options);
    });
}

const help = `
Its output appears as it is printed, standard error together with standard output. Ctrl-C stops it. When the yard restarts meanwhile,
the command runs on, and so does its output here.

Exits with the command's own exit code; ${exitCodes.failure} if that is unknown or the command could not be started.

Examples:
  $ runyard run -- sh -c 'echo hello; exit 3'
  $ runyard run --cwd /srv/site --env STAGE=test --timeout 600 -- make test
  $ runyard run --name nightly-backup`;

function run(argv: readonly string[], options: RunOptions): Promise<number> {
  return stoppable(
    async (signal) => {
      const code = await runRemotely(
        {
          name: options.name,
          command: argv.length > 0 ? join(argv) : undefined,
          workingDirectory: options.cwd,
          env: options.env,
          timeoutSeconds: options.timeout,
        },
        followParts(options, signal),
      );
      if (code === undefined)
        notice("the command has ended, but its exit code is unknown: its host's agent was away at that moment");
      return code ?? exitCodes.failure;
    },
    { whenOutputCloses: exitCodes.failure }, // the command was stopped before its end
  );
}

function parseTimeout(text: string): number {
  const seconds = Number(text);
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > maxRunSeconds) {
    throw new InvalidArgumentError(`It is a whole number of seconds from 1 to ${maxRunSeconds}.`);
  }
  return seconds;
}
