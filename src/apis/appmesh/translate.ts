/** An application as App Mesh's clients send it, as the yard's definition; the way back is views.ts. */
import { split } from "shlex";
import { type AppContainer, type AppDefinition, type ExitAction, exitActions, type Sharing } from "../../apps/app.ts";
import { YardError } from "../../platform/errors.ts";
import type { Limits } from "../../sandboxes/sandbox.ts";
import { dockerOptionsOf, optionsVariable } from "./docker-options.ts";
import type { AppRequest } from "./schemas.ts";
import type { SecretSeal } from "./seal.ts";
import { timingFromWire } from "./timing.ts";

const mebibyte = 1024 * 1024;
const longestCommand = 2048;

export interface Surroundings {
  readonly seal: SecretSeal;
  /** Wall milliseconds. */
  readonly now: number;
}

/** @throws {YardError} invalid, with the field; precondition, for an option of a container that is not taken */
export function definitionFromWire(body: AppRequest, { seal, now }: Surroundings): AppDefinition {
  const container = containerFromWire(body);
  const registeredAt = body.register_time ? body.register_time * 1_000 : now;
  const command = body.command ?? "";
  const shell = body.shell ?? false;
  const sessionLogin = body.session_login ?? false;
  return {
    argv: container ? argvInContainer(command, { shell, sessionLogin }) : argvOf(command, { shell, sessionLogin }),
    command,
    shell,
    sessionLogin,
    description: body.description || undefined,
    metadata: metadataFromWire(body.metadata),
    workingDirectory: body.working_dir || undefined,
    container,
    env: body.env ?? {},
    secretEnv: openSecrets(body.sec_env ?? {}, seal),
    exit: exitFromWire(body.behavior),
    keepOutputs: container ? 0 : (body.stdout_cache_num ?? 0), // they go with their containers
    limits: limitsFromWire(body.resource_limit),
    ...timingFromWire(body, registeredAt),
    healthCheck: healthCheckFromWire(body.health_check_cmd),
    registeredAt,
    version: body.version || undefined,
    sharing: sharingFromWire(body.permission),
  };
}

function containerFromWire({ docker_image: image, env }: AppRequest): AppContainer | undefined {
  if (!image) return undefined;
  return { image, ...dockerOptionsOf(env?.[optionsVariable] ?? "") };
}

/** Without a command it is the image's own; a shell is whichever the image has. */
function argvInContainer(command: string, options: { shell: boolean; sessionLogin: boolean }): string[] {
  if (command.trim() === "") return [];
  checkLength(command, "command");
  if (options.sessionLogin) return ["/bin/sh", "-l", "-c", `set -e\n${command}`];
  if (options.shell) return ["/bin/sh", "-e", "-c", command];
  return wordsOf(command, "command");
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
  checkLength(command, "command");
  // Not `bash -l -e`: the user's own profile need not survive a command that fails.
  if (options.sessionLogin) return ["/bin/bash", "-l", "-c", `set -e\n${command}`];
  if (options.shell) return ["/bin/bash", "-e", "-c", command];
  return wordsOf(command, "command");
}

function healthCheckFromWire(command: AppRequest["health_check_cmd"]): AppDefinition["healthCheck"] {
  if (!command?.trim()) return undefined;
  checkLength(command, "health_check_cmd");
  return { command, argv: wordsOf(command, "health_check_cmd") };
}

function checkLength(command: string, field: string): void {
  if (command.length < longestCommand) return;
  const message = `must be shorter than ${longestCommand} characters; put a longer one into a script`;
  throw new YardError("invalid", message, { field });
}

function wordsOf(command: string, field: string): string[] {
  try {
    return split(command);
  } catch (error) {
    throw new YardError("invalid", "has a quote that is not closed", { field, cause: error });
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
