/** `runyard task submit` */
import type { Command } from "commander";
import { createPersist } from "../../client/persist.ts";
import { submitOnce } from "../../client/tasks-follow.ts";
import { exitCodes } from "../exit-codes.ts";
import { stoppable } from "../stoppable.ts";
import { addYardOptions, connectToYard, followParts } from "../yard-options.ts";
import { addTaskOptions, newTask, type TaskOptions } from "./task-options.ts";

interface SubmitOptions extends TaskOptions {
  capture?: boolean;
  json?: boolean;
}

export function define(command: Command): void {
  addTaskOptions(addYardOptions(command))
    .argument("[command...]", "program and arguments, after --; no shell reads them")
    .option("--capture", "keep what it prints, for `runyard task logs`")
    .option("--json", "print an object with the task's uuid")
    .addHelpText("after", help)
    .action(async (argv: string[], options: SubmitOptions) => {
      if (argv.length === 0)
        command.error("error: no command. Name it after --, as in: runyard task submit -- make test");
      process.exitCode = await submit(argv, options);
    });
}

const help = `
The command may leave files in the directories that $MITO_RESULT_DIR and $MITO_EXEC_DIR name: \`runyard task artifacts\` fetches them. If the
yard goes away while the task is sent, it is sent again, and never taken twice.

Examples:
  $ ID=$(runyard task submit --capture -- make test)
  $ runyard task submit --tag gpu --timeout 2h --resource data.csv=attachment:sets/data.csv -- sh -c 'train "$MITO_RESOURCE_DIR/data.csv"'
  $ runyard task submit --watch-for "$ID" -- ./publish.sh`;

function submit(argv: readonly string[], options: SubmitOptions): Promise<number> {
  return stoppable(
    async (signal) => {
      const client = await connectToYard(options);
      const task = await newTask(client, argv, options, { capture: options.capture ?? false });
      const uuid = await submitOnce(task, createPersist(client, followParts(options, signal)));
      console.log(options.json ? JSON.stringify({ uuid }) : uuid);
      return exitCodes.ok;
    },
    { whenOutputCloses: exitCodes.ok },
  );
}
