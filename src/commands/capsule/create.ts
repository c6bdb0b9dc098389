/** `runyard capsule create` */
import type { Command } from "commander";
import { createCapsule } from "../../client/capsules.ts";
import type { YardFlags } from "../../client/find-yard.ts";
import { wholeNumber } from "../option-values.ts";
import { addYardOptions, connectToYard } from "../yard-options.ts";
import { addCapsuleOptions, type CapsuleOptions, wantedOf } from "./capsule-options.ts";

interface CreateOptions extends YardFlags, CapsuleOptions {
  idle?: number;
  json?: boolean;
}

export function define(command: Command): void {
  addCapsuleOptions(addYardOptions(command))
    .argument("[template]", "what it starts from: runyard template ls", "minimal")
    .option(
      "--idle <seconds>",
      "pause it after so long without use (default: never)",
      wholeNumber({ min: 1, max: 2 ** 31 - 1 }),
    )
    .option("--json", "print what the API answers")
    .addHelpText("after", help)
    .action(create);
}

const help = `
Prints its id; it runs by then.

Examples:
  $ ID=$(runyard capsule create)
  $ runyard capsule create --vcpus 2 --memory 2048 --idle 600 python`;

async function create(template: string, { idle, json, ...options }: CreateOptions): Promise<void> {
  const wanted = { template, idleSeconds: idle, ...wantedOf(options) };
  const made = await createCapsule(await connectToYard(options), wanted);
  console.log(json ? JSON.stringify(made.json) : made.id);
}
