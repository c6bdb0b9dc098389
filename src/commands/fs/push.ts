/** `runyard fs push` */
import { type Command, Option } from "commander";
import type { YardClient } from "../../client/http.ts";
import { inert } from "../../client/inert.ts";
import { findHead, isSnapshotId, type Pushed, pushLabel } from "../../client/scripts-fs.ts";
import { pushTree } from "../../client/trees.ts";
import { YardError } from "../../platform/errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { stoppable } from "../stoppable.ts";
import { connectToYard, notice } from "../yard-options.ts";
import { addMoveOptions, type MoveOptions } from "./move-options.ts";
import { showProgress } from "./progress.ts";

interface PushOptions extends MoveOptions {
  expected?: string;
  force?: boolean;
}

export function define(command: Command): void {
  addMoveOptions(command)
    .argument("<label>", "the label to point there; it is made if there is none")
    .argument("<from>", "a directory, whose files become a snapshot; or the id of one that exists")
    .option("--expected <id>", "where the label is: if it has moved meanwhile, it stays there")
    .addOption(new Option("--force", "move it wherever it is").conflicts("expected"))
    .addHelpText("after", help)
    .action(async (label: string, from: string, options: PushOptions) => {
      process.exitCode = await push(label, from, options);
    });
}

const help = `
Without --expected and --force the label must be new. Exits with ${exitCodes.failure} if the label is elsewhere than expected; it stays there then.
Of a directory, files, directories, symbolic links and permissions are taken; links are never followed. 64 hexadecimal digits are
an id: write ./ in front of a directory of such a name.

Examples:
  $ runyard fs push site ./site
  $ runyard fs push --expected "$BASE" --message 'new styles' site ./site
  $ runyard fs push --expected "$BASE" site "$ID"`;

function push(label: string, from: string, options: PushOptions): Promise<number> {
  return stoppable(
    async (signal) => {
      const { expected, force, message } = options;
      const client = await connectToYard(options);
      const snapshot = isSnapshotId(from) ? from.toLowerCase() : await upload(client, { label, from, signal }, options);
      const pushed = await pushLabel(client, label, { snapshot, expected, force, message });
      if (options.json) {
        console.log(JSON.stringify(pushed.json));
        return pushed.status === "advanced" ? exitCodes.ok : exitCodes.failure;
      }
      requireAdvanced(pushed, label);
      console.log(`${inert(label)} is at ${snapshot}.`);
      return exitCodes.ok;
    },
    { whenOutputCloses: exitCodes.ok },
  );
}

/** @returns the id of the snapshot */
async function upload(
  client: YardClient,
  { label, from, signal }: { label: string; from: string; signal: AbortSignal },
  { expected, force }: PushOptions,
): Promise<string> {
  // Nobody wants to wait for gigabytes to hear this. What decides is the push itself.
  const current = force ? undefined : await findHead(client, label);
  if (!force && current !== expected?.toLowerCase()) requireAdvanced({ status: "rejected", json: {}, current }, label);
  using progress = showProgress(process.stderr);
  const onSkipped = (path: string): void => {
    progress.clear();
    notice(`${inert(path)} is left out: it is no file, directory or link, or its name is no text.`);
  };
  return (await pushTree(client, from, { signal, onProgress: progress.show, onSkipped })).id;
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
