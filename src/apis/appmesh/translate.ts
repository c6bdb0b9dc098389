/** App Mesh's application JSON to and from the yard's App. */
import { split } from "shlex";
import { type App, type AppDefinition, type ExitAction, exitActions, type Sharing } from "../../apps/app.ts";
import { YardError } from "../../platform/errors.ts";
import type { Limits, ProcessUsage } from "../../sandboxes/sandbox.ts";
import { exitCodeOf } from "./exit-code.ts";
import type { AppRequest, AppView } from "./schemas.ts";
import { epochSeconds, localTimeText } from "./times.ts";

const mebibyte = 1024 * 1024;
const longestCommand = 2048;

/** Seals and opens the values of `sec_env`, so that a definition may be shown, and sent back, without being plain text. */
export interface SecretSeal {
  seal(plain: string): string;
  /** The plain value, or undefined if `sealed` is not one of ours. */
  open(sealed: string): string | undefined;
}

export function definitionFromWire(body: AppRequest, seal: SecretSeal): AppDefinition {
  refuseWhatIsNotServed(body);
  const command = body.command ?? "";
  const shell = body.shell ?? false;
  const sessionLogin = body.session_login ?? false;
  return {
    argv: argvOf(command, { shell, sessionLogin }),
    command,
    shell,
    sessionLogin,
    description: body.description || undefined,
    metadata: metadataFromWire(body.metadata),
    workingDirectory: body.working_dir || undefined,
    env: body.env ?? {},
    secretEnv: openSecrets(body.sec_env ?? {}, seal),
    exit: exitFromWire(body.behavior),
    keepOutputs: body.stdout_cache_num ?? 0,
    limits: limitsFromWire(body.resource_limit),
    sharing: sharingFromWire(body.permission),
  };
}

/** What a run of an existing application may replace of its definition, each as a whole; other fields of the body count for nothing. */
export function replacementFromWire(body: AppRequest, seal: SecretSeal): Partial<AppDefinition> {
  if (body.command)
    throw new YardError("invalid", "must be left out: the run takes the application's own", { field: "command" });
  const metadata = metadataFromWire(body.metadata);
  return {
    ...(metadata !== undefined ? { metadata } : {}),
    ...(body.env ? { env: body.env } : {}),
    ...(body.sec_env ? { secretEnv: openSecrets(body.sec_env, seal) } : {}),
  };
}

/** Program and arguments of a command text: split as a POSIX shell would split words, or handed to bash whole. */
export function argvOf(command: string, options: { shell: boolean; sessionLogin: boolean }): string[] {
  if (command.trim() === "") throw new YardError("invalid", "is required", { field: "command" });
  if (command.length >= longestCommand) {
    throw new YardError(
      "invalid",
      `must be shorter than ${longestCommand} characters; put a longer one into a script`,
      { field: "command" },
    );
  }
  if (options.sessionLogin) return ["/bin/bash", "-l", "-e", "-c", command];
  if (options.shell) return ["/bin/bash", "-e", "-c", command];
  try {
    return split(command);
  } catch (error) {
    throw new YardError("invalid", "has a quote that is not closed", { field: "command", cause: error });
  }
}

/** A string that is JSON is kept parsed, and so returned. */
function metadataFromWire(metadata: unknown): unknown {
  if (metadata === null || metadata === undefined || metadata === "") return undefined;
  if (typeof metadata !== "string") return metadata;
  try {
    return JSON.parse(metadata);
  } catch {
    return metadata;
  }
}

/** A client that sends a viewed application back sends sealed values: they are opened, not sealed twice. */
function openSecrets(secrets: Record<string, string>, seal: SecretSeal): Record<string, string> {
  return Object.fromEntries(Object.entries(secrets).map(([name, value]) => [name, seal.open(value) ?? value]));
}

function exitFromWire(behavior: AppRequest["behavior"]): AppDefinition["exit"] {
  const byCode: Record<string, ExitAction> = {};
  for (const [code, action] of Object.entries(behavior?.control ?? {})) {
    if (!/^\d{1,3}$/.test(code))
      throw new YardError("invalid", `${JSON.stringify(code)} is no exit code`, { field: "behavior.control" });
    byCode[String(Number(code))] = exitActionFromWire(action, `behavior.control.${code}`);
  }
  return { action: behavior?.exit ? exitActionFromWire(behavior.exit, "behavior.exit") : "standby", byCode };
}

function exitActionFromWire(text: string, field: string): ExitAction {
  const action = exitActions.find((known) => known === text.toLowerCase());
  if (!action) throw new YardError("invalid", `must be one of ${exitActions.join(", ")}`, { field });
  return action;
}

function limitsFromWire(limit: AppRequest["resource_limit"]): Limits | undefined {
  const limits: Limits = {
    ...(limit?.memory_mb ? { memoryBytes: limit.memory_mb * mebibyte } : {}),
    ...(limit?.memory_virt_mb ? { memoryAndSwapBytes: limit.memory_virt_mb * mebibyte } : {}),
    ...(limit?.cpu_shares ? { cpuShares: limit.cpu_shares } : {}),
  };
  return Object.keys(limits).length > 0 ? limits : undefined;
}

const sharingDigits: readonly Sharing[] = ["none", "none", "read", "write"];

/** Units digit: same group; tens digit: others. 0 as a whole is open to all, 0 as one digit denies. */
function sharingFromWire(permission: number | null | undefined): AppDefinition["sharing"] {
  if (!permission) return undefined;
  const [team, others] = [sharingDigits[permission % 10], sharingDigits[Math.floor(permission / 10)]];
  if (!team || !others) throw new YardError("invalid", "has a digit that is not 0, 1, 2 or 3", { field: "permission" });
  return { team, others };
}

function sharingToWire(sharing: NonNullable<AppDefinition["sharing"]>): number {
  const digit = (value: Sharing) => ({ none: 1, read: 2, write: 3 })[value];
  return digit(sharing.others) * 10 + digit(sharing.team);
}

/** Set, these would change what an application does; ignoring them would be a lie. */
function refuseWhatIsNotServed(body: AppRequest): void {
  const isSet = {
    docker_image: Boolean(body.docker_image),
    health_check_cmd: Boolean(body.health_check_cmd),
    start_time: Boolean(body.start_time),
    end_time: Boolean(body.end_time),
    start_interval_seconds: Boolean(body.start_interval_seconds),
    cron: Boolean(body.cron),
    retention: Boolean(body.retention) && String(body.retention) !== "0",
    daily_limitation: body.daily_limitation?.daily_start != null || body.daily_limitation?.daily_end != null,
  };
  for (const [field, set] of Object.entries(isSet)) {
    if (set) throw new YardError("precondition", "this yard does not serve it yet; leave it out", { field });
  }
}

/** The definition part of an application's JSON: what `PUT` returns. Fields that are not set are left out. */
export function definitionToWire(app: App, seal: SecretSeal): AppView {
  const { definition } = app;
  return {
    name: app.name,
    ...(app.ownerName ? { owner: app.ownerName } : {}),
    command: definition.command,
    ...(definition.shell ? { shell: true } : {}),
    ...(definition.sessionLogin ? { session_login: true } : {}),
    ...(definition.description ? { description: definition.description } : {}),
    ...(definition.metadata !== undefined ? { metadata: definition.metadata } : {}),
    ...(definition.workingDirectory ? { working_dir: definition.workingDirectory } : {}),
    status: app.kind === "temporary" ? 2 : app.enabled ? 1 : 0,
    ...(definition.keepOutputs > 0 ? { stdout_cache_num: definition.keepOutputs } : {}),
    behavior: {
      exit: definition.exit.action,
      ...(Object.keys(definition.exit.byCode).length > 0 ? { control: definition.exit.byCode } : {}),
    },
    ...(Object.keys(definition.env).length > 0 ? { env: definition.env } : {}),
    ...(Object.keys(definition.secretEnv).length > 0 ? { sec_env: sealSecrets(definition.secretEnv, seal) } : {}),
    ...(definition.limits ? { resource_limit: limitsToWire(definition.limits) } : {}),
    ...(definition.sharing ? { permission: sharingToWire(definition.sharing) } : {}),
    register_time: epochSeconds(app.createdAt),
    register_time_TEXT: localTimeText(app.createdAt),
  };
}

function sealSecrets(secrets: Readonly<Record<string, string>>, seal: SecretSeal): Record<string, string> {
  return Object.fromEntries(Object.entries(secrets).map(([name, value]) => [name, seal.seal(value)]));
}

function limitsToWire(limits: Limits): NonNullable<AppView["resource_limit"]> {
  return {
    ...(limits.memoryBytes ? { memory_mb: Math.round(limits.memoryBytes / mebibyte) } : {}),
    ...(limits.memoryAndSwapBytes ? { memory_virt_mb: Math.round(limits.memoryAndSwapBytes / mebibyte) } : {}),
    ...(limits.cpuShares ? { cpu_shares: limits.cpuShares } : {}),
  };
}

/** Definition and runtime: what the GET operations return. */
export function appToWire(app: App, seal: SecretSeal, usage: ProcessUsage | undefined): AppView {
  const { runtime } = app;
  const run = runtime.runs[0];
  const lastExit = runtime.lastEnded?.exit;
  const returnCode = runtime.lastEnded && exitCodeOf(runtime.lastEnded);
  const isRunning = run?.pid !== undefined && !run.exit;
  return {
    ...definitionToWire(app, seal),
    ...(isRunning ? { pid: run.pid } : {}),
    ...(isRunning && usage ? { memory: usage.rssBytes, cpu: usage.cpuPercent, fd: usage.openFiles } : {}),
    ...(returnCode !== undefined ? { return_code: returnCode } : {}),
    ...(run ? timeField("last_start_time", run.startedAt) : {}),
    ...(lastExit ? timeField("last_exit_time", lastExit.at) : {}),
    ...(runtime.nextStartAt !== undefined ? timeField("next_start_time", runtime.nextStartAt) : {}),
    ...(runtime.lastError ? { last_error: `${localTimeText(runtime.lastError.at)} ${runtime.lastError.message}` } : {}),
    health: runtime.healthy ? 0 : 1,
    starts: runtime.starts,
    ...(runtime.runs.length > 0 ? { stdout_cache_size: runtime.runs.length } : {}),
  };
}

function timeField<const Name extends string>(
  name: Name,
  at: number,
): Record<Name, number> & Record<`${Name}_TEXT`, string> {
  return { [name]: epochSeconds(at), [`${name}_TEXT`]: localTimeText(at) } as Record<Name, number> &
    Record<`${Name}_TEXT`, string>;
}
