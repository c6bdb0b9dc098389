/** `runyard template build` */
import { type Command, Option } from "commander";
import type { YardFlags } from "../../client/find-yard.ts";
import { inert } from "../../client/inert.ts";
import { debianRoot, openRoot } from "../../client/template-sources.ts";
import { importTemplate } from "../../client/templates.ts";
import { YardError } from "../../platform/errors.ts";
import { bytesText } from "../app/text.ts";
import { type CapsuleOptions, wantedOf } from "../capsule/capsule-options.ts";
import { exitCodes } from "../exit-codes.ts";
import { wholeNumber } from "../option-values.ts";
import { stoppable } from "../stoppable.ts";
import { addYardOptions, connectToYard } from "../yard-options.ts";

interface BuildOptions extends YardFlags, CapsuleOptions {
  from?: string;
  debian?: string;
  packages: readonly string[];
  mirror?: string;
  driver: string;
  shared?: boolean;
  json?: boolean;
}

export function define(command: Command): void {
  addYardOptions(command)
    .argument("<name>", "of the new template: letters, digits, dots, hyphens and underscores")
    .option("--from <root>", "a directory, a tar archive (- is standard input) or an image of this machine's Docker")
    .addOption(new Option("--debian <suite>", "a small Debian, made here by mmdebstrap").conflicts("from"))
    .option("--packages <names>", "with --debian: what else is in it, by comma; may be repeated", addNames, [])
    .option("--mirror <url>", "with --debian: where its packages come from (default: Debian's own servers)")
    .option("--driver <name>", "whose capsules start from it", "microvm")
    .option("--vcpus <count>", "of the capsules it is made ready for", wholeNumber({ min: 1, max: 1_024 }), 1)
    .option("--memory <mib>", "likewise, in MiB", wholeNumber({ min: 1, max: 16 * 1024 ** 2 }), 512)
    .option("--shared", "make it everybody's; for administrators")
    .option("--json", "print what the API answers")
    .addHelpText("after", help)
    .action(async (name: string, options: BuildOptions) => {
      process.exitCode = await build(name, options);
    });
}

const help = `
The root is made on this machine and sent to the yard. Of the driver microvm, a machine boots from it once and its memory is kept: capsules of that size
are restored from it, and need not boot. Of another size, the first one boots. It is there when all of that is done, or not at all.

Examples:
  $ runyard template build python --from python:3.13-slim
  $ runyard template build tools --debian bookworm --packages git,make,gcc
  $ runyard template build own --from ./root --memory 2048 --vcpus 2`;

function addNames(text: string, before: readonly string[]): readonly string[] {
  return [...before, ...text.split(",").filter((name) => name !== "")];
}

function build(name: string, options: BuildOptions): Promise<number> {
  return stoppable(
    async (signal) => {
      const { shared = false, json, driver } = options;
      const client = await connectToYard(options);
      const archive = await openSource(options, signal);
      const size = wantedOf(options);
      const made = await importTemplate(client, { name, isShared: shared, archive, signal, driver, size });
      console.log(json ? JSON.stringify(made.json) : `${inert(name)} is there: ${bytesText(made.size)}.`);
      return exitCodes.ok;
    },
    { whenOutputCloses: exitCodes.ok },
  );
}

/** @throws {YardError} invalid */
async function openSource({ from, debian, packages, mirror }: BuildOptions, signal: AbortSignal) {
  if (debian !== undefined) return debianRoot({ suite: debian, packages, mirror }, signal);
  if (packages.length > 0 || mirror !== undefined)
    throw new YardError("invalid", "--packages and --mirror are for --debian.", { field: "debian" });
  if (from !== undefined) return openRoot(from, signal);
  throw new YardError("invalid", "Say what it is made of: --from or --debian.", { field: "from" });
}
