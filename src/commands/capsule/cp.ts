/** `runyard capsule cp` */
import type { Command } from "commander";
import { copyIn } from "../../client/capsule-copy-in.ts";
import { copyOut } from "../../client/capsule-copy-out.ts";
import { absolutePath, type CapsulePlace } from "../../client/capsule-files.ts";
import { findCapsule } from "../../client/capsules.ts";
import type { YardFlags } from "../../client/find-yard.ts";
import type { YardClient } from "../../client/http.ts";
import { inert } from "../../client/inert.ts";
import { exitCodes } from "../exit-codes.ts";
import { showProgress } from "../fs/progress.ts";
import { transferredText } from "../fs/transferred-text.ts";
import { stoppable } from "../stoppable.ts";
import { addYardOptions, connectToYard, notice } from "../yard-options.ts";

export function define(command: Command): void {
  addYardOptions(command)
    .argument("<from>", "a file or directory: a path here, or CAPSULE:PATH")
    .argument("<to>", "the other one: a directory to put it into, or its new path")
    .option("--json", "print what was copied as an object")
    .addHelpText("after", help)
    .action(async (from: string, to: string, options: YardFlags & { json?: boolean }) => {
      const way = wayOf(from, to);
      if (!way)
        command.error(
          "error: one of both is in a capsule, as CAPSULE:PATH. Write ./ in front of a local name with a colon",
        );
      process.exitCode = await copy(way, options);
    });
}

const help = `
Files, directories with all that is in them, and permissions. Paths in a capsule begin in its home directory, /root, unless they are absolute. A file that
is there is replaced. Into a capsule, a directory goes over what is there; out of it, it becomes a new directory, whole or not at all, and links are
kept only where they lead to what is copied.

Examples:
  $ runyard capsule cp ./site "$ID:/srv/site"
  $ runyard capsule cp "$ID:results.csv" .`;

interface Named {
  readonly called: string;
  readonly path: string;
}

type Way = { readonly out: Named; readonly to: string } | { readonly from: string; readonly in: Named };

function wayOf(from: string, to: string): Way | undefined {
  const [source, target] = [capsuleIn(from), capsuleIn(to)];
  if (source) return target ? undefined : { out: source, to };
  return target && { from, in: target };
}

/** What is in a capsule has a colon, and no slash before that. */
function capsuleIn(text: string): Named | undefined {
  const [, called, path] = /^([^/:]+):(.*)$/s.exec(text) ?? [];
  return called === undefined ? undefined : { called, path: path || "." };
}

async function placeOf(client: YardClient, { called, path }: Named): Promise<CapsulePlace> {
  return { capsule: await findCapsule(client, called), path: absolutePath(path) };
}

function copy(way: Way, { json, ...flags }: YardFlags & { json?: boolean }): Promise<number> {
  return stoppable(
    async (signal) => {
      const client = await connectToYard(flags);
      using progress = showProgress(process.stderr);
      const onSkipped = (path: string, why: string): void => {
        progress.clear();
        notice(`${inert(path)} is left out: ${why}.`);
      };
      const options = { signal, onSkipped, onProgress: progress.show };
      const copied =
        "out" in way
          ? await copyOut(client, await placeOf(client, way.out), way.to, options)
          : await copyIn(client, way.from, await placeOf(client, way.in), options);
      progress.clear();
      if (json) console.log(JSON.stringify(copied));
      else console.log(`${inert(copied.to)} is written: ${transferredText(copied)}.`);
      return exitCodes.ok;
    },
    { whenOutputCloses: exitCodes.ok },
  );
}
