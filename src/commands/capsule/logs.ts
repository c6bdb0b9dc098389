/** `runyard capsule logs` */
import type { Command } from "commander";
import { followProcess } from "../../client/capsule-exec.ts";
import { listProcesses, type ProcessSeen } from "../../client/capsule-processes.ts";
import { findCapsule } from "../../client/capsules.ts";
import type { YardFlags } from "../../client/find-yard.ts";
import type { YardClient } from "../../client/http.ts";
import { inert } from "../../client/inert.ts";
import { YardError } from "../../platform/errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { stoppable } from "../stoppable.ts";
import { addYardOptions, connectToYard } from "../yard-options.ts";
import { execParts, exitCodeFor } from "./outcome.ts";

export function define(command: Command): void {
  addYardOptions(command)
    .argument("<capsule>", "its id, or a part of it")
    .argument("<process>", "its pid or tag, as runyard capsule ps shows it; it was started from outside")
    .addHelpText("after", help)
    .action(async (called: string, selector: string, flags: YardFlags) => {
      process.exitCode = await logs(called, selector, flags);
    });
}

const help = `
From now on, or from where the last listener left off, until the process ends; then it exits with the process' exit code. Ctrl-C ends the listening, and
nothing else. To keep everything that a process prints, have it print into a file.

Example:
  $ runyard capsule logs "$ID" web`;

function logs(called: string, selector: string, flags: YardFlags): Promise<number> {
  return stoppable(
    async (signal) => {
      const client = await connectToYard(flags);
      const capsule = await findCapsule(client, called);
      const { pid } = await findProcess(client, capsule, selector);
      return exitCodeFor(await followProcess(client, capsule, pid, execParts(flags, signal)));
    },
    { whenOutputCloses: exitCodes.ok },
  );
}

async function findProcess(client: YardClient, capsule: string, selector: string): Promise<ProcessSeen> {
  const processes = await listProcesses(client, capsule);
  const found = processes.find(({ pid, tag }) => tag === selector || String(pid) === selector);
  if (found?.tag !== undefined) return found;
  if (found)
    throw new YardError("precondition", `process ${found.pid} was not started from outside: nobody has its output.`);
  throw new YardError("not_found", `no process ${inert(selector)} runs there. Look: runyard capsule ps ${capsule}`);
}
