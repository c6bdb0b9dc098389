/** `runyard stack create` */
import type { Command } from "commander";
import type { YardFlags } from "../../client/find-yard.ts";
import { createStack } from "../../client/fleet-stacks.ts";
import { addYardOptions, connectToYard } from "../yard-options.ts";
import { type GivenFiles, readGivenTexts } from "./given-texts.ts";

interface CreateOptions extends YardFlags, GivenFiles {
  readonly json?: boolean;
}

export function define(command: Command): void {
  addYardOptions(command)
    .argument("<name>", "2 to 63 small letters, digits and -")
    .option(
      "-f, --file <file>",
      "the Compose file; -: standard input (default: compose.yaml, or as Compose looks for it here)",
    )
    .option("--env-file <file>", "its variables, which the yard keeps encrypted")
    .option("--json", "print what the API answers")
    .addHelpText("after", help)
    .action(create);
}

const help = `
The file is kept as it is, and read when it is deployed: runyard stack diff tells what is wrong with it.

Examples:
  $ runyard stack create shop
  $ runyard stack create shop -f shop.yaml --env-file shop.env`;

async function create(name: string, { json, ...options }: CreateOptions): Promise<void> {
  const texts = await readGivenTexts(options);
  const made = await createStack(await connectToYard(options), name, texts);
  console.log(json ? JSON.stringify(made.json) : `${name} is there. To run it: runyard stack deploy ${name}`);
}
