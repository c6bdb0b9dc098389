/** The options of `runyard app add` that make up an app's definition, and the JSON that they become. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { join } from "shlex";
import type { JsonObject } from "../../client/json.ts";
import { addVariable, type Variables, wholeNumber } from "../option-values.ts";
import { type DailyHours, dailyHours, duration, moment } from "./moments.ts";

const exitActions = ["standby", "restart", "keepalive", "remove"] as const;
type ExitAction = (typeof exitActions)[number];

export interface DefinitionOptions {
  shell?: string;
  cwd?: string;
  env?: Variables;
  every?: string;
  cron?: string;
  from?: number;
  until?: number;
  daily?: DailyHours;
  retention?: string;
  restart?: boolean;
  exit?: ExitAction;
  onExit?: Readonly<Record<string, ExitAction>>;
  health?: string;
  memory?: number;
  cpuShares?: number;
  keepOutputs?: number;
  description?: string;
  metadata?: string;
  disabled?: boolean;
}

const most = Number.MAX_SAFE_INTEGER;

export function addDefinitionOptions(command: Command): Command {
  return command
    .option("--shell <text>", "in place of the command: a bash script that stops at the first error")
    .option("--cwd <directory>", "working directory on the yard's host")
    .option("--env <key=value>", "variable of its environment; may be repeated", addVariable)
    .option("--every <duration>", "start it again and again: 30s, 5m, 1h30m, 2d, PT5M", duration)
    .addOption(new Option("--cron <expression>", "start it by six cron fields, seconds first").conflicts("every"))
    .option("--from <time>", "not before this time: 2026-01-31T08:00, local unless it names its offset", moment)
    .option("--until <time>", "not after this time", moment)
    .option("--daily <hours>", "only at these hours of the day, which are counted in UTC: 08:00-18:30", dailyHours)
    .option(
      "--retention <duration>",
      "how long the process before may go on when its schedule starts it again",
      duration,
    )
    .option("--restart", "start it again when it ends; the same as --exit restart")
    .addOption(new Option("--exit <action>", "what to do when it ends").choices(exitActions).conflicts("restart"))
    .option("--on-exit <code=action>", "what to do when it ends with this code; may be repeated", addExitAction)
    .option("--health <command>", "tells by its exit code 0 that the app is healthy")
    .option("--memory <mib>", "memory limit, in MiB", wholeNumber({ min: 1, max: most }))
    .option(
      "--cpu-shares <weight>",
      "its weight where CPU time is short; 1024 is one share",
      wholeNumber({ min: 1, max: most }),
    )
    .option(
      "--keep-outputs <count>",
      "how many outputs of earlier processes to keep",
      wholeNumber({ min: 0, max: 100 }),
    )
    .option("--description <text>", "what it is for")
    .option("--metadata <text>", "text or JSON that it gets on its standard input")
    .option("--disabled", "define it, and do not start it");
}

function addExitAction(text: string, before: Readonly<Record<string, ExitAction>> = {}): Record<string, ExitAction> {
  const [, code, wanted] = /^(\d{1,3})=(.+)$/.exec(text) ?? [];
  const action = exitActions.find((known) => known === wanted);
  if (code === undefined || action === undefined)
    throw new InvalidArgumentError(`It looks like 3=remove, with one of ${exitActions.join(", ")}.`);
  return { ...before, [code]: action };
}

/** `base` (of a file) with what the options and the command say in its place. Variables and exit codes are added to those of the base.
 *  Field names are App Mesh's. */
export function definitionOf(
  argv: readonly string[],
  options: DefinitionOptions,
  secrets: Variables,
  base: JsonObject,
): JsonObject {
  const { every, cron, memory, cpuShares } = options;
  const exit = options.restart ? "restart" : options.exit;
  const set: JsonObject = {
    ...commandOf(argv, options),
    working_dir: options.cwd,
    env: merged(base.env, options.env),
    sec_env: merged(base.sec_env, secrets),
    start_interval_seconds: every ?? cron,
    cron: every === undefined && cron === undefined ? undefined : cron !== undefined,
    start_time: options.from,
    end_time: options.until,
    daily_limitation: options.daily,
    retention: options.retention,
    behavior: merged(base.behavior, {
      ...(exit ? { exit } : {}),
      ...(options.onExit ? { control: merged(objectOr(base.behavior)?.control, options.onExit) } : {}),
    }),
    health_check_cmd: options.health,
    resource_limit: merged(base.resource_limit, {
      ...(memory === undefined ? {} : { memory_mb: memory }),
      ...(cpuShares === undefined ? {} : { cpu_shares: cpuShares }),
    }),
    stdout_cache_num: options.keepOutputs,
    description: options.description,
    metadata: options.metadata,
    status: options.disabled ? 0 : undefined,
  };
  return { ...base, ...Object.fromEntries(Object.entries(set).filter(([, value]) => value !== undefined)) };
}

/** One command takes the place of another whole, with the way it is run. */
function commandOf(argv: readonly string[], { shell }: DefinitionOptions): JsonObject {
  if (shell !== undefined) return { command: shell, shell: true, session_login: false };
  return argv.length > 0 ? { command: join(argv), shell: false, session_login: false } : {};
}

/** Undefined where nothing is to be added: what a file holds there, of whatever type, is the yard's to judge. */
function merged(base: unknown, added: JsonObject = {}): JsonObject | undefined {
  return Object.keys(added).length === 0 ? undefined : { ...objectOr(base), ...added };
}

function objectOr(value: unknown): JsonObject | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}
