/** `runyard container exec` */
import type { Command } from "commander";
import { findContainer } from "../../client/fleet-containers.ts";
import { type ContainerCommand, runInContainer } from "../../client/fleet-exec.ts";
import { chooseHost } from "../../client/fleet-hosts.ts";
import { takeSeat } from "../capsule/seat.ts";
import { exitCodes } from "../exit-codes.ts";
import { addFleetOptions, type FleetFlags } from "../fleet/host-option.ts";
import { addVariable, type Variables } from "../option-values.ts";
import { stoppable } from "../stoppable.ts";
import { connectToYard } from "../yard-options.ts";

interface ExecOptions extends FleetFlags {
  env?: Variables;
  cwd?: string;
  user?: string;
  interactive?: boolean;
  tty?: boolean;
}

export function define(command: Command): void {
  addFleetOptions(command)
    .argument("<container>", "its name, its id, or a beginning of its id")
    .argument("[command...]", "program and arguments, after --; no shell reads them (default with -t: /bin/sh)")
    .option("-i, --interactive", "pass standard input on to it")
    .option("-t, --tty", "a terminal, with what is typed here")
    .option("-e, --env <key=value>", "variable for the command; may be repeated", addVariable)
    .option("-w, --cwd <directory>", "where in the container it runs (default: where the container does)")
    .option("-u, --user <user>", "as whom: a name or number, with a group if wanted (default: the container's user)")
    .addHelpText("after", help)
    .action(async (called: string, argv: string[], options: ExecOptions) => {
      if (argv.length === 0 && !options.tty) command.error("error: what is to be run? Write it after --");
      process.exitCode = await exec(called, argv.length > 0 ? argv : ["/bin/sh"], options);
    });
}

const help = `
Its output appears as it is printed, standard output and standard error apart, byte for byte. With -t it is a real terminal: all keys, Ctrl-C among them, go
into the container, and its size follows this one's; where there is no terminal here, standard input is typed into it, and its end is Ctrl-D. The command
ends when this one does: by Ctrl-C without -t, or with the connection.

Exits with the command's own exit code, which is 128 and the number of the signal that has ended it; with 126 or 127 if there is no such
program in the container, and with ${exitCodes.failure} if the container does not run.

Examples:
  $ runyard container exec web -- ls -l /srv
  $ runyard container exec -i db -- sh -c 'cat > /tmp/dump.sql' < dump.sql
  $ runyard container exec -u www-data -w /srv -e DEBUG=1 web -- ./tidy
  $ runyard container exec -it web`;

function exec(
  called: string,
  argv: readonly string[],
  { host, interactive, tty, env: variables, cwd: directory, user, ...flags }: ExecOptions,
): Promise<number> {
  return stoppable(
    async (signal) => {
      const client = await connectToYard(flags);
      const container = await findContainer(client, await chooseHost(client, host), called);
      const parts = { output: process.stdout, errors: process.stderr, signal };
      const run = (command: ContainerCommand) =>
        runInContainer(client, container, { variables, directory, user, ...command }, parts);
      if (!interactive && !tty) return run({ argv });
      if (!tty) return runWithInput((input) => run({ argv, input }));
      using seat = takeSeat();
      try {
        return await run({ argv, input: seat.input, terminal: seat });
      } catch (error) {
        seat.leave({ isOver: false });
        throw error;
      }
    },
    { whenOutputCloses: exitCodes.failure },
  );
}

async function runWithInput(run: (input: NodeJS.ReadStream) => Promise<number>): Promise<number> {
  try {
    return await run(process.stdin);
  } finally {
    process.stdin.destroy(); // else it keeps the process alive
  }
}
