/** `runyard app show` */
import type { Command } from "commander";
import { getApp } from "../../client/apps.ts";
import type { YardFlags } from "../../client/find-yard.ts";
import { addYardOptions, connectToYard } from "../yard-options.ts";
import { describeApp } from "./describe.ts";

export function define(command: Command): void {
  addYardOptions(command)
    .argument("<name>", "the app")
    .option("--json", "print what the API answers")
    .addHelpText("after", help)
    .action(async (name: string, options: YardFlags & { json?: boolean }) => {
      const app = await getApp(await connectToYard(options), name);
      if (options.json) return console.log(JSON.stringify(app.json));
      for (const line of describeApp(app)) console.log(line);
    });
}

const help = `
Values of secret variables are not shown; as JSON they are there, encrypted by the yard. The JSON is a definition, too: edited, it can be given
back with \`runyard app add --replace --file\`.

Examples:
  $ runyard app show web
  $ runyard app show web --json`;
