/** `runyard agent`: the process that owns all that runs on this host. `runyard serve` starts one by itself. */
import { flushCompileCache } from "node:module";
import { join, resolve } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { startAgent } from "../agent/agent.ts";
import { durationOrNever } from "../config/values.ts";
import { isYardError } from "../platform/errors.ts";
import { packageVersion } from "../version.ts";
import { onStopRequest } from "./signals.ts";

interface AgentOptions {
  directory: string;
  socket?: string;
  orphanAfter?: number;
}

export function define(command: Command): void {
  command
    .requiredOption("--directory <directory>", "where the agent keeps its journal and the outputs; made if missing")
    .option("--socket <path>", "where it listens (default: agent.sock in its directory)")
    .option(
      "--orphan-after <duration|never>",
      "stop all and end after no yard was there for so long (default: never)",
      parseDuration,
    )
    .addHelpText("after", help)
    .action(serve);
}

const help = `
Ctrl-C and SIGTERM stop all that it runs, gracefully. What survives a \`kill -9\` of the agent is taken over by the next one.

Example:
  $ runyard agent --directory ~/.local/share/runyard/agent --orphan-after 1h`;

async function serve(options: AgentOptions): Promise<void> {
  const directory = resolve(options.directory);
  using stop = onStopRequest();
  await using agent = await startAgent({
    directory,
    socketPath: options.socket === undefined ? join(directory, "agent.sock") : resolve(options.socket),
    version: packageVersion(),
    orphanAfterMs: options.orphanAfter,
    log: (text) => console.error(`${new Date().toISOString()} ${text}`),
  });
  flushCompileCache(); // it is written at the end of the process otherwise, and this one may well be killed
  await Promise.race([stop.received, agent.closed]);
}

function parseDuration(text: string): number | undefined {
  try {
    return durationOrNever([text], { cwd: process.cwd() });
  } catch (error) {
    throw isYardError(error) ? new InvalidArgumentError(`It ${error.message}.`) : error;
  }
}
