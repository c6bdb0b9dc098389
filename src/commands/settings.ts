/** The yard's settings as options of a command, from the one table that has them all. */
import type { Command } from "commander";
import { flagOf, settingKeys, settings, variableOf } from "../config/settings.ts";
import { type Config, loadConfig } from "../config.ts";
import { isYardError } from "../platform/errors.ts";
import { exitCodes } from "./exit-codes.ts";

export function addSettingOptions(command: Command): Command {
  command.option("--config <file>", "settings file (default: RUNYARD_CONFIG, or runyard.yaml in this directory)");
  for (const key of settingKeys) {
    const { placeholder, help } = settings[key];
    // A switch needs no value: `--stop-host` is `--stop-host true`. Given twice, an option keeps both, and the table judges.
    const value = placeholder === "boolean" ? `[${placeholder}]` : `<${placeholder}>`;
    command.option(
      `--${flagOf(key)} ${value}`,
      `${help} (${variableOf(key)})`,
      (text: string, before: string[] = []) => [...before, text],
    );
  }
  return command;
}

/** The effective settings; faults in them end the command as a mistake in its use. */
export function readSettings(command: Command): Config {
  try {
    return loadConfig({ flags: settingFlags(command), env: process.env, cwd: process.cwd() });
  } catch (error) {
    if (isYardError(error, "invalid")) command.error(`runyard: ${error.message}`, { exitCode: exitCodes.usage });
    throw error;
  }
}

function settingFlags(command: Command): Record<string, unknown> {
  const known = new Set(["config", ...settingKeys.map(flagOf)]);
  const options = command.options.filter((option) => known.has(option.name()));
  return Object.fromEntries(
    options.map((option) => [option.name(), command.getOptionValue(option.attributeName()) as unknown]),
  );
}
