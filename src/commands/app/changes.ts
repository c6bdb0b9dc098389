/** What `runyard app start`, `stop` and `restart` have in common: several apps, one after another, each waited for. */
import type { Command } from "commander";
import { getApp } from "../../client/apps.ts";
import type { YardFlags } from "../../client/find-yard.ts";
import type { YardClient } from "../../client/http.ts";
import type { SettleOptions } from "../../client/settle.ts";
import { exitCodes } from "../exit-codes.ts";
import { wholeNumber } from "../option-values.ts";
import { stoppable } from "../stoppable.ts";
import { addYardOptions, connectToYard } from "../yard-options.ts";
import { eachApp } from "./each-app.ts";

export interface WaitOptions {
  /** Seconds. */
  readonly wait: number;
  readonly json?: boolean;
}

const mostWaitSeconds = 3_600;

export function addWaitOption(command: Command): Command {
  const parse = wholeNumber({ min: 1, max: mostWaitSeconds });
  return command.option("--wait <seconds>", "how long to wait for its effect, per app", parse, 15);
}

/** @param change carries it out and says what came of it, as a sentence */
export function defineChange(
  command: Command,
  help: string,
  change: (client: YardClient, name: string, options: SettleOptions) => Promise<string>,
): void {
  addWaitOption(addYardOptions(command))
    .argument("<name...>", "the apps")
    .option("--json", "print the apps as they are then, as an array")
    .addHelpText("after", help)
    .action(async (names: string[], options: YardFlags & WaitOptions) => {
      process.exitCode = await changeAll(names, options, change);
    });
}

function changeAll(
  names: readonly string[],
  options: YardFlags & WaitOptions,
  change: (client: YardClient, name: string, options: SettleOptions) => Promise<string>,
): Promise<number> {
  return stoppable(
    async (signal) => {
      const client = await connectToYard(options);
      const settling = { timeoutMs: options.wait * 1_000, signal };
      const { code, done } = await eachApp(names, async (name) => {
        const said = await change(client, name, settling);
        if (options.json) return (await getApp(client, name)).json;
        console.log(said);
      });
      if (options.json) console.log(JSON.stringify(done));
      return code;
    },
    { whenOutputCloses: exitCodes.failure },
  );
}
