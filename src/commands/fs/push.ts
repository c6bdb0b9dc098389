/** `runyard fs push` */
import { type Command, Option } from "commander";
import { inert } from "../../client/inert.ts";
import { type Pushed, pushLabel, resolveSnapshot } from "../../client/scripts-fs.ts";
import { YardError } from "../../platform/errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { connectToYard } from "../yard-options.ts";
import { addMoveOptions, type MoveOptions } from "./move-options.ts";

interface PushOptions extends MoveOptions {
  expected?: string;
  force?: boolean;
}

export function define(command: Command): void {
  addMoveOptions(command)
    .argument("<snapshot>", "the id of a snapshot, or another label")
    .argument("<label>", "the label to point there; it is made if there is none")
    .option("--expected <id>", "where the label is: if it has moved meanwhile, it stays there")
    .addOption(new Option("--force", "move it wherever it is").conflicts("expected"))
    .addHelpText("after", help)
    .action(async (snapshot: string, label: string, options: PushOptions) => {
      process.exitCode = await push(snapshot, label, options);
    });
}

const help = `
Without --expected and --force the label must be new. Exits with ${exitCodes.failure} if the label is elsewhere than expected; nothing is changed then.

Examples:
  $ runyard fs push "$ID" site
  $ runyard fs push --expected "$BASE" --message 'new styles' "$ID" site`;

async function push(snapshot: string, label: string, options: PushOptions): Promise<number> {
  const client = await connectToYard(options);
  const id = await resolveSnapshot(client, snapshot);
  const { expected, force, message } = options;
  const pushed = await pushLabel(client, label, { snapshot: id, expected, force, message });
  if (options.json) {
    console.log(JSON.stringify(pushed.json));
    return pushed.status === "advanced" ? exitCodes.ok : exitCodes.failure;
  }
  requireAdvanced(pushed, label);
  console.log(`${inert(label)} is at ${id}.`);
  return exitCodes.ok;
}

function requireAdvanced(pushed: Pushed, label: string): void {
  if (pushed.status === "advanced") return;
  const name = inert(label);
  throw new YardError(
    "conflict",
    pushed.current === undefined
      ? `there is no label ${name} any more, or not yet. Push without --expected to make it.`
      : `${name} is at ${inert(pushed.current)}, and stays there. Merge with that (runyard fs merge), and push what comes of it with --expected ${inert(pushed.current)}.`,
  );
}
