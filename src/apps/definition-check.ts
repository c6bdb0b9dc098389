/** What a definition must fulfil before it is kept, so that nothing is saved that could never start. Whether program and directory exist is
 *  seen at the start: they may come and go. */
import { parseCron } from "../platform/cron.ts";
import { YardError } from "../platform/errors.ts";
import type { AppContainer, AppDefinition } from "./app.ts";

/** A definition travels to the agent and lies in its journal. */
const largestDefinitionBytes = 1024 * 1024;
const mostOutputs = 100;
const highestExitCode = 255;
const secondsPerDay = 86_400;
/** Longer than anything that runs; all sums of times stay exact. */
const longestMs = 100 * 365 * secondsPerDay * 1_000;
/** The end of the year 9999, the last that has four digits. */
const latestMs = Date.UTC(10_000, 0) - 1;
/** What control groups know, see cpu.shares and its conversion to cpu.weight. */
const cpuShares = { least: 2, most: 262_144 };

/** @throws {YardError} invalid or too_large, with the field; precondition, for what is no cron expression */
export function checkDefinition(definition: AppDefinition): void {
  const { argv, env, secretEnv, exit, keepOutputs, workingDirectory, container } = definition;
  if (argv.length > 0 || !container) checkWords("argv", argv);
  if (container) checkContainer(container, definition);
  if (workingDirectory !== undefined && holdsNul(workingDirectory)) refuse("workingDirectory", "holds a NUL byte");
  checkVariables("env", env);
  checkVariables("secretEnv", secretEnv);
  for (const code of Object.keys(exit.byCode)) {
    if (!/^\d{1,3}$/.test(code) || Number(code) > highestExitCode) {
      refuse("exit.byCode", `${JSON.stringify(code)} is no exit code (0 to ${highestExitCode})`);
    }
  }
  if (!Number.isInteger(keepOutputs) || keepOutputs < 0 || keepOutputs > mostOutputs) {
    refuse("keepOutputs", `is not between 0 and ${mostOutputs}`);
  }
  checkLimits(definition.limits ?? {});
  checkTimes(definition);
  if (definition.healthCheck) checkWords("healthCheck.argv", definition.healthCheck.argv);
  if (Buffer.byteLength(JSON.stringify(definition)) > largestDefinitionBytes) {
    throw new YardError("too_large", `the app's definition is larger than ${largestDefinitionBytes} bytes`);
  }
}

function checkContainer({ image, env = {} }: AppContainer, { workingDirectory, keepOutputs }: AppDefinition): void {
  if (!/^[a-z0-9][\w./:@-]{0,511}$/i.test(image)) refuse("container.image", "is no name of an image");
  if (workingDirectory !== undefined && !workingDirectory.startsWith("/")) {
    refuse("workingDirectory", "is no absolute path, as it has to be in a container");
  }
  if (keepOutputs > 0) refuse("keepOutputs", "is above 0: the output of a container goes with it");
  checkVariables("container.env", env);
}

function checkWords(field: string, words: readonly string[]): void {
  if (!words[0]) refuse(field, "names no program");
  if (words.some(holdsNul)) refuse(field, "holds a NUL byte, which no process can be given");
}

function checkLimits(limits: NonNullable<AppDefinition["limits"]>): void {
  for (const [name, value] of Object.entries(limits)) {
    if (!(value > 0 && value <= Number.MAX_SAFE_INTEGER)) refuse(`limits.${name}`, "is not a number above 0");
  }
  const shares = limits.cpuShares ?? cpuShares.least;
  if (shares < cpuShares.least || shares > cpuShares.most) {
    refuse("limits.cpuShares", `is not between ${cpuShares.least} and ${cpuShares.most}`);
  }
}

function checkTimes({ schedule, window, retention, registeredAt }: AppDefinition): void {
  if (schedule?.kind === "interval") {
    if (!isBetween(schedule.every.ms, 1_000, longestMs))
      refuse("schedule.every", "is not between a second and 100 years");
    checkTime("schedule.from", schedule.from);
  }
  if (schedule?.kind === "cron") checkExpression(schedule.expression);
  if (retention && !isBetween(retention.ms, 0, longestMs)) refuse("retention", "is not between 0 and 100 years");
  if (registeredAt !== undefined) checkTime("registeredAt", registeredAt);
  const { from, until, daily } = window ?? {};
  if (from !== undefined) checkTime("window.from", from);
  if (until !== undefined) checkTime("window.until", until);
  const start = from ?? (schedule?.kind === "interval" ? schedule.from : undefined);
  if (start !== undefined && until !== undefined && start > until) refuse("window.until", "is before the start");
  for (const [name, seconds] of Object.entries(daily ?? {})) {
    if (!isBetween(seconds, 0, secondsPerDay))
      refuse(`window.daily.${name}`, `is not between 0 and ${secondsPerDay} seconds`);
  }
}

function checkExpression(expression: string): void {
  if (parseCron(expression).nextAfter(Date.now()) === undefined) {
    refuse("schedule", `describes a time that never comes: ${expression}`);
  }
}

function checkTime(field: string, at: number): void {
  if (!isBetween(at, 0, latestMs)) refuse(field, "is not a time between the years 1970 and 9999");
}

function isBetween(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}

function checkVariables(field: string, variables: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(variables)) {
    if (name === "" || name.includes("=") || holdsNul(name)) {
      refuse(field, `${JSON.stringify(name)} is no name for an environment variable`);
    }
    if (holdsNul(value)) refuse(`${field}.${name}`, "holds a NUL byte");
  }
}

function holdsNul(text: string): boolean {
  return text.includes("\0");
}

function refuse(field: string, fault: string): never {
  throw new YardError("invalid", `the app's ${field} ${fault}`, { field });
}
