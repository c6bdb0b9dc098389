/** `runyard run`: a command on the yard, as if it ran here. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { join } from "shlex";
import type { YardFlags } from "../client/find-yard.ts";
import { runRemotely } from "../client/remote-run.ts";
import { maxRunSeconds } from "../client/runs.ts";
import { execParts, exitCodeFor } from "./capsule/outcome.ts";
import { exitCodes } from "./exit-codes.ts";
import { addVariable, type Variables } from "./option-values.ts";
import { stoppable } from "./stoppable.ts";
import { addYardOptions, followParts, notice } from "./yard-options.ts";

interface RunOptions extends YardFlags {
  name?: string;
  timeout?: number;
  cwd?: string;
  env?: Variables;
  in?: { template: string };
}

export function define(command: Command): void {
  addYardOptions(command)
    .argument("[command...]", "program and arguments, after --; no shell reads them")
    .option("--name <name>", "name of the run; alone, without a command: run a copy of the app of that name")
    .option("--timeout <seconds>", "stop it after this long (default: two days)", parseTimeout)
    .addOption(
      new Option("--in <capsule[=template]>", "in a capsule of its own, which goes with it")
        .argParser(parsePlace)
        .conflicts("name"),
    )
    .option("--cwd <directory>", "working directory on the yard's host, or in the capsule")
    .option("--env <key=value>", "variable for the command; may be repeated", addVariable)
    .addHelpText("after", help)
    .action(async (argv: string[], options: RunOptions) => {
      if (argv.length === 0 && options.name === undefined)
        command.error("error: no command. Name it after --, as in: runyard run -- date");
      process.exitCode = await (options.in ? runInCapsule(argv, options.in, options) : run(argv, options));
    });
}

const help = `
Its output appears as it is printed, standard error together with standard output. Ctrl-C stops it. When the yard restarts meanwhile,
the command runs on, and so does its output here. In a capsule, standard error comes apart.

Exits with the command's own exit code; ${exitCodes.failure} if that is unknown or the command could not be started.

Examples:
  $ runyard run -- sh -c 'echo hello; exit 3'
  $ runyard run --cwd /srv/site --env STAGE=test --timeout 600 -- make test
  $ runyard run --name nightly-backup
  $ runyard run --in capsule -- cat /etc/os-release
  $ runyard run --in capsule=python -- python3 -c 'print(6 * 7)'`;

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

function runInCapsule(argv: readonly string[], capsule: { template: string }, options: RunOptions): Promise<number> {
  return stoppable(
    async (signal) => {
      // The room of capsules is loaded for whoever asks for one.
      const { runInNewCapsule } = await import("../client/capsule-run.ts");
      const command = { argv, env: options.env, cwd: options.cwd };
      const run = { capsule, command, timeoutSeconds: options.timeout };
      return exitCodeFor(await runInNewCapsule(run, execParts(options, signal)));
    },
    { whenOutputCloses: exitCodes.failure },
  );
}

function parsePlace(text: string): { template: string } {
  const [, template = "minimal"] = /^capsule(?:=(.+))?$/.exec(text) ?? [undefined, ""];
  if (template === "") throw new InvalidArgumentError("It is capsule, or capsule=TEMPLATE.");
  return { template };
}

function parseTimeout(text: string): number {
  const seconds = Number(text);
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > maxRunSeconds) {
    throw new InvalidArgumentError(`It is a whole number of seconds from 1 to ${maxRunSeconds}.`);
  }
  return seconds;
}
