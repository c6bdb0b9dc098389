/** `runyard worker`: takes queued tasks from a yard, or from another coordinator of the same protocol, and runs them here. */
import { flushCompileCache } from "node:module";
import { availableParallelism, homedir } from "node:os";
import { join, resolve } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { createLog, type LogLevel, logLevels } from "../platform/log.ts";
import { parseUnitDurationMs } from "../platform/unit-durations.ts";
import { driverNames } from "../worker/drivers.ts";
import { startWorker } from "../worker/worker.ts";
import { wholeNumber } from "./option-values.ts";
import { onStopRequest } from "./signals.ts";
import { type CoordinatorFlags, coordinatorOf, passwordVariable } from "./worker/coordinator.ts";
import { addYardOptions } from "./yard-options.ts";

interface WorkerFlags extends CoordinatorFlags {
  readonly slots: number;
  readonly sandbox: string;
  readonly tag: readonly string[];
  readonly label: readonly string[];
  readonly group: readonly string[];
  readonly lifetime?: string;
  readonly directory?: string;
  readonly lease: number;
  readonly heartbeat: number;
  readonly poll: number;
  readonly grace: number;
  readonly idleExit?: number;
  readonly maxOutput: number;
  readonly log: LogLevel;
}

const seconds = 1_000;
const addText = (text: string, before: readonly string[]): readonly string[] => [...before, text];

export function define(command: Command): void {
  addYardOptions(command)
    .option("--user <name>", "log in as this user, and keep the token in the file of credentials")
    .option("--password-file <file>", `holds the password, if there is no token yet (default: ${passwordVariable})`)
    .option(
      "--credentials <file>",
      "holds the tokens (default: runyard/worker-credentials in the configuration directory)",
    )
    .option("--yard-directory <directory>", "holds a local.json that says where the yard is, and as whom to register")
    .option(
      "--slots <number>",
      "tasks at the same time (default: one for each core)",
      wholeNumber({ min: 1, max: 256 }),
      availableParallelism(),
    )
    .option("--sandbox <name>", `where tasks run: ${driverNames.join(", ")}`, "host")
    .option("--tag <tag>", "it gets tasks whose tags it has all of; repeatable", addText, [])
    .option("--label <label>", "for people who look for it; repeatable", addText, [])
    .option("--group <name[:role]>", "a group that it serves besides the user's own; repeatable", addText, [])
    .option("--lifetime <duration>", "of its registration's token (default: the coordinator's)", asDuration)
    .option(
      "--directory <directory>",
      "for the files of tasks while they run (default: runyard/worker in the cache directory)",
    )
    .option("--lease <duration>", "how long the yard keeps it when it is silent", asMilliseconds, 30 * seconds)
    .option(
      "--heartbeat <duration>",
      "between heartbeats to a coordinator of another kind",
      asMilliseconds,
      60 * seconds,
    )
    .option(
      "--poll <duration>",
      "between questions for tasks to a coordinator of another kind",
      asMilliseconds,
      5 * seconds,
    )
    .option("--grace <duration>", "how long tasks may still take when it is told to stop", asMilliseconds, 30 * seconds)
    .option("--idle-exit <duration>", "end after there was nothing to do for so long (default: never)", asMilliseconds)
    .option(
      "--max-output <MiB>",
      "kept of each of a task's two outputs; the end of it",
      wholeNumber({ min: 1, max: 1_000_000 }),
      1_024,
    )
    .option("--log <level>", `least level to log: ${logLevels.join(", ")}`, asLogLevel, "info")
    .addHelpText("after", help)
    .action(serve);
}

const help = `
Ctrl-C and SIGTERM let tasks that run come to their end, for as long as --grace says; a second one kills them. What was killed runs elsewhere.
Tasks see the worker's environment without its own settings (RUNYARD_*), and begin in its directory.

Examples:
  $ runyard worker --slots 8 --tag gpu
  $ runyard worker --url https://yard.example --user builds --password-file /run/secrets/builds --group builds`;

async function serve(flags: WorkerFlags): Promise<void> {
  const worker = startWorker({
    ...coordinatorOf(flags, process.env),
    registration: { tags: flags.tag, labels: flags.label, groups: flags.group, lifetime: flags.lifetime ?? null },
    ...{ slots: flags.slots, sandbox: flags.sandbox, cwd: process.cwd() },
    directory: flags.directory === undefined ? cacheDirectory(process.env) : resolve(flags.directory),
    environment: environmentOfTasks(process.env),
    maxOutputBytes: flags.maxOutput * 1024 ** 2,
    times: { leaseMs: flags.lease, heartbeatMs: flags.heartbeat, pollMs: flags.poll },
    idleExitMs: flags.idleExit,
    log: createLog({ level: flags.log }),
  });
  flushCompileCache(); // it is written at the end of the process otherwise, and this one may well be killed
  using stop = onStopRequest({ onSecond: () => worker.kill() });
  void stop.received.then(() => worker.stop({ graceMs: flags.grace }));
  await worker.ended;
}

/** What a worker was told is not for its tasks: among it may be a password. */
function environmentOfTasks(own: NodeJS.ProcessEnv): Record<string, string> {
  const ours = /^(RUNYARD_|NODE_COMPILE_CACHE$|npm_)/;
  return Object.fromEntries(
    Object.entries(own).flatMap(([name, value]) => (value === undefined || ours.test(name) ? [] : [[name, value]])),
  );
}

function cacheDirectory(env: NodeJS.ProcessEnv): string {
  return join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), ".cache"), "runyard", "worker");
}

function asDuration(text: string): string {
  asMilliseconds(text);
  return text;
}

function asMilliseconds(text: string): number {
  const milliseconds = parseUnitDurationMs(text);
  if (milliseconds === undefined || milliseconds <= 0 || milliseconds > 10 * 365 * 86_400_000)
    throw new InvalidArgumentError("It looks like 30s, 10m or 1h 30m.");
  return milliseconds;
}

function asLogLevel(text: string): LogLevel {
  const level = logLevels.find((known) => known === text);
  if (level) return level;
  throw new InvalidArgumentError(`It is one of ${logLevels.join(", ")}.`);
}
