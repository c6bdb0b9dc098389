/** `runyard capsule exec` */
import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import { execInCapsule } from "../../client/capsule-exec.ts";
import { type CapsuleCommand, killProcess, startInBackground } from "../../client/capsule-processes.ts";
import { stillRuns } from "../../client/capsule-reattach.ts";
import { findCapsule } from "../../client/capsules.ts";
import type { YardFlags } from "../../client/find-yard.ts";
import type { YardClient } from "../../client/http.ts";
import { isYardError } from "../../platform/errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { addVariable, type Variables } from "../option-values.ts";
import { stoppable } from "../stoppable.ts";
import { addYardOptions, connectToYard, notice } from "../yard-options.ts";
import { execParts, exitCodeFor } from "./outcome.ts";

interface ExecOptions extends YardFlags {
  cwd?: string;
  env?: Variables;
  background?: boolean;
  tag?: string;
  json?: boolean;
}

export function define(command: Command): void {
  addYardOptions(command)
    .argument("<capsule>", "its id, or a part of it")
    .argument("<command...>", "program and arguments, after --; no shell reads them")
    .option("--cwd <directory>", "working directory (default: the home directory)")
    .option("--env <key=value>", "variable for the command; may be repeated", addVariable)
    .option("--background", "do not wait: print its tag")
    .option("--tag <tag>", "with --background: what to find it by (default: one is made up)")
    .option("--json", "with --background: print what the API answers")
    .addHelpText("after", help)
    .action(async (called: string, argv: string[], options: ExecOptions) => {
      if (!options.background && (options.tag !== undefined || options.json))
        command.error("error: --tag and --json go with --background");
      process.exitCode = await exec(called, argv, options);
    });
}

const help = `
Its output appears as it is printed, standard output and standard error apart, byte for byte. Its input is empty: copy files in, or use shell. Ctrl-C
ends it. When the yard restarts meanwhile, the command runs on, and so does its output here.

Exits with the command's own exit code; ${exitCodes.failure} if that is unknown, or a signal has ended it.

Examples:
  $ runyard capsule exec "$ID" -- sh -c 'echo hello; exit 3'
  $ runyard capsule exec "$ID" --cwd /srv -- tar cz site > site.tar.gz
  $ runyard capsule exec --background --tag web "$ID" -- python3 -m http.server`;

function exec(called: string, argv: readonly string[], options: ExecOptions): Promise<number> {
  return stoppable(
    async (signal) => {
      const client = await connectToYard(options);
      const capsule = await findCapsule(client, called);
      const command = { argv, env: options.env, cwd: options.cwd };
      if (options.background) return start(client, capsule, command, options);
      let pid: number | undefined;
      const onStart = (started: number): void => {
        pid = started;
      };
      try {
        return exitCodeFor(await execInCapsule(client, capsule, command, { ...execParts(options, signal), onStart }));
      } catch (error) {
        if (signal.aborted && pid !== undefined) await endProcess(await connectToYard(options), capsule, pid);
        throw error;
      }
    },
    { whenOutputCloses: exitCodes.failure },
  );
}

async function start(
  client: YardClient,
  capsule: string,
  command: CapsuleCommand,
  { tag: wanted, json: wantsJson }: ExecOptions,
): Promise<number> {
  const { json, pid, tag } = await startInBackground(client, capsule, command, wanted);
  console.log(wantsJson ? JSON.stringify(json) : tag);
  if (!wantsJson) notice(`process ${pid} has started. What it prints: runyard capsule logs ${capsule} ${tag}`);
  return exitCodes.ok;
}

const graceMs = 5_000;
const lookMs = 100;

async function endProcess(client: YardClient, capsule: string, pid: number): Promise<void> {
  try {
    await killProcess(client, capsule, String(pid), "SIGTERM");
    const limit = AbortSignal.timeout(graceMs);
    while (!limit.aborted) {
      if (!(await stillRuns(client, capsule, (one) => one.pid === pid, limit))) return;
      await sleep(lookMs);
    }
    await killProcess(client, capsule, String(pid), "SIGKILL");
  } catch (error) {
    if (isYardError(error, "not_found")) return; // it has ended
    notice(`could not end process ${pid}: ${error instanceof Error ? error.message : error}`);
  }
}
