/** `runyard fs head` */
import type { Command } from "commander";
import type { YardFlags } from "../../client/find-yard.ts";
import { inert } from "../../client/inert.ts";
import { getHead } from "../../client/scripts-fs.ts";
import { addYardOptions, connectToYard } from "../yard-options.ts";

export function define(command: Command): void {
  addYardOptions(command)
    .argument("<label>", "the label")
    .option("--json", "print what the API answers")
    .addHelpText("after", help)
    .action(async (label: string, { json, ...flags }: YardFlags & { json?: boolean }) => {
      const head = await getHead(await connectToYard(flags), label);
      console.log(json ? JSON.stringify({ label, ca_id: head }) : inert(head));
    });
}

const help = `
Keep it as the base of your work: \`fs push --expected\` and \`fs merge --base\` want to know where you began.

Example:
  $ BASE=$(runyard fs head site)`;
