/** `runyard agent`: the process that owns all that runs on this host. `runyard serve` starts one by itself; one on another machine joins a yard. */
import { flushCompileCache } from "node:module";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { type Agent, dockerSockets, startAgent } from "../agent/agent.ts";
import { durationOrNever } from "../config/values.ts";
import { isYardError } from "../platform/errors.ts";
import { giveBackAtRest } from "../platform/process/give-back.ts";
import { packageVersion } from "../version.ts";
import { onStopRequest } from "./signals.ts";

interface AgentOptions {
  directory?: string;
  data?: string;
  socket?: string;
  orphanAfter?: number;
  dockerSocket?: string;
  join?: string;
  token?: string;
  tokenFile?: string;
  ca?: string;
}

export function define(command: Command): void {
  command
    .option(
      "--directory <directory>",
      "where the agent keeps its journal and the outputs; made if missing (default with --join: runyard/host in the user's data directory)",
    )
    .option("--data <directory>", "the same")
    .option("--socket <path>", "where it listens (default: agent.sock in its directory)")
    .option("--join <url>", "become a host of the yard at this address")
    .option(
      "--token <token>",
      "the registration token, which `runyard host add` or an agent added through the Dockmesh API gives; needed only the first time",
    )
    .option("--token-file <file>", "holds it in place of --token, which others on this machine can read")
    .option("--ca <file>", "certificates (PEM) to trust in place of the system's, such as the yard's own")
    .option(
      "--orphan-after <duration|never>",
      "stop all and end after no yard was there for so long (default: never)",
      parseDuration,
    )
    .option(
      "--docker-socket <path>",
      "socket of this machine's Docker engine (default: RUNYARD_DOCKER_SOCKET, DOCKER_HOST, or where engines usually listen)",
    )
    .addHelpText("after", help)
    .action(serve);
}

const help = `
Ctrl-C and SIGTERM stop all that it runs, gracefully; SIGTERM to an agent that has joined a yard ends the agent alone, and the next one goes on
with what runs. What survives a \`kill -9\` of the agent is taken over by the next one.

Examples:
  $ runyard agent --directory ~/.local/share/runyard/agent --orphan-after 1h
  $ runyard agent --join https://yard.example:7700 --token-file token --ca yard.pem`;

async function serve(options: AgentOptions, command: Command): Promise<void> {
  const directory = directoryOf(options, command);
  const log = (text: string) => console.error(`${new Date().toISOString()} ${text}`);
  using stop = onStopRequest();
  // Loaded only where it is needed: the agent that `runyard serve` starts stays small.
  const joining = options.join === undefined ? undefined : await import("./agent/joining.ts");
  const sockets = options.dockerSocket === undefined ? dockerSockets(process.env) : [resolve(options.dockerSocket)];
  const parts = { ...options, url: options.join ?? "", directory, dockerSockets: sockets, log };
  const membership = await joining?.becomeMember(parts);
  await using agent = await startAgent({
    directory,
    socketPath: options.socket === undefined ? join(directory, "agent.sock") : resolve(options.socket),
    version: packageVersion(),
    orphanAfterMs: options.orphanAfter,
    dockerSockets: sockets,
    log,
  });
  await using _tunnel = membership?.connect(agent);
  flushCompileCache(); // it is written at the end of the process otherwise, and this one may well be killed
  using _rest = giveBackAtRest();
  const signal = await Promise.race([stop.received, agent.closed]);
  if (signal === "SIGTERM" && membership) await leave(agent, log);
}

/** A new version, or a restart of the service: what runs does not notice. */
async function leave(agent: Agent, log: (text: string) => void): Promise<void> {
  log("Ends; what runs goes on, and the next agent of this directory takes it over.");
  await agent.leave();
}

function directoryOf({ data, directory = data, join: joins }: AgentOptions, command: Command): string {
  if (directory !== undefined) return resolve(directory);
  if (joins === undefined) command.error("error: required option '--directory <directory>' not specified");
  const { env } = process;
  return join(env.XDG_DATA_HOME || join(env.HOME || homedir(), ".local", "share"), "runyard", "host");
}

function parseDuration(text: string): number | undefined {
  try {
    return durationOrNever([text], { cwd: process.cwd() });
  } catch (error) {
    throw isYardError(error) ? new InvalidArgumentError(`It ${error.message}.`) : error;
  }
}
