/** The same for each of several capsules: one that fails does not hold up the others. */
import type { Command } from "commander";
import { findCapsule } from "../../client/capsules.ts";
import type { YardFlags } from "../../client/find-yard.ts";
import type { YardClient } from "../../client/http.ts";
import { eachApp } from "../app/each-app.ts";
import { addYardOptions, connectToYard } from "../yard-options.ts";

interface EachOptions extends YardFlags {
  json?: boolean;
}

/** @param act is given a whole id @param done what to say of it then */
export function defineForEach(
  command: Command,
  { act, done, help }: { act: (client: YardClient, id: string) => Promise<unknown>; done: string; help: string },
): void {
  addYardOptions(command)
    .argument("<capsule...>", "their ids, or parts of them")
    .option("--json", "print the ids of those for which it went well, as an array")
    .addHelpText("after", help)
    .action(async (called: readonly string[], { json, ...flags }: EachOptions) => {
      const client = await connectToYard(flags);
      const { code, done: ids } = await eachApp(called, async (one) => {
        const id = await findCapsule(client, one);
        await act(client, id);
        if (!json) console.log(`${id} ${done}.`);
        return id;
      });
      if (json) console.log(JSON.stringify(ids));
      process.exitCode = code;
    });
}
