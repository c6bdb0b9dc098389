/** Where settings come from. Each source lists what it gives, known or not, in a form that they share. */
import { resolve } from "node:path";
import { errnoOf } from "../platform/errors.ts";
import { type ConfigFile, readConfigFile } from "./file.ts";
import { type Environment, flagOf, settingKeys, variableOf } from "./settings.ts";
import type { Given } from "./values.ts";

export interface GivenSetting {
  /** A setting's key, or what was taken for one. */
  readonly key: string;
  /** For messages: `--listen`, `RUNYARD_LISTEN`, `/etc/runyard.yaml:3`. */
  readonly place: string;
  readonly given: Given;
}

export interface ConfigSources {
  /** By flag name without dashes, as written (`listen-appmesh`) or in camel case; `config` names the file. Undefined is not given. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly env: Environment;
  readonly cwd: string;
}

export interface FoundFile extends ConfigFile {
  readonly path: string;
}

const defaultFile = "runyard.yaml";
const fileVariable = "RUNYARD_CONFIG";
/** Not settings of a yard: the command line's own, and those that apps and tasks find in their environment. */
const foreignVariables = /^RUNYARD_(?:CONFIG|URL|TOKEN|PROCESS|APP|TASK)(?:_|$)/;

/** The file that was named, or else `runyard.yaml` where there is one. */
export function openConfigFile({ flags, env, cwd }: ConfigSources): FoundFile | undefined {
  const named = typeof flags.config === "string" ? flags.config : env[fileVariable] || undefined;
  const path = resolve(cwd, named ?? defaultFile);
  try {
    return { path, ...readConfigFile(path) };
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    if (named === undefined && errno === "ENOENT") return undefined;
    return { path, entries: [], faults: [`${path}: cannot be read (${errno})`], mode: 0 };
  }
}

export function fromFile(file: FoundFile | undefined): GivenSetting[] {
  return (file?.entries ?? []).map(({ key, line, given }) => ({ key, given, place: `${file?.path}:${line}` }));
}

/** An empty variable is one that is not set: service managers and compose files leave them so. */
export function fromEnvironment(env: Environment): GivenSetting[] {
  const keys = new Map<string, string>(settingKeys.map((key) => [variableOf(key), key]));
  return Object.entries(env).flatMap(([name, value]) => {
    if (!name.startsWith("RUNYARD_") || foreignVariables.test(name) || !value) return [];
    return [{ key: keys.get(name) ?? name, place: name, given: [value] }];
  });
}

export function fromFlags(flags: ConfigSources["flags"]): GivenSetting[] {
  const keys = new Map<string, string>(settingKeys.map((key) => [flagOf(key), key]));
  return Object.entries(flags).flatMap(([name, value]) => {
    if (name === "config" || value === undefined) return [];
    const flag = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    return [{ key: keys.get(flag) ?? flag, place: `--${flag}`, given: [value].flat().map(String) }];
  });
}
