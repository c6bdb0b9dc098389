/** App Mesh's log levels, and the yard's. */
import type { LogLevel } from "../../platform/log.ts";
import type { LogLevelName } from "./settings-schema.ts";

export interface LogLevelControl {
  get(): LogLevel;
  set(level: LogLevel): void;
  /** The operator has chosen one at the start, which goes before a stored one. */
  readonly chosenAtStart: boolean;
}

const yardLevels = {
  DEBUG: "debug",
  INFO: "info",
  NOTICE: "info",
  WARN: "warn",
  ERROR: "error",
} as const satisfies Record<LogLevelName, LogLevel>;

export function setLogLevel(name: LogLevelName | undefined, control: LogLevelControl): void {
  if (name !== undefined && Object.hasOwn(yardLevels, name)) control.set(yardLevels[name]);
}

/** The level that is in force: a stored one may have been overruled at the start. */
export function shownLevel(stored: LogLevelName | undefined, inForce: LogLevel): LogLevelName {
  if (stored !== undefined && yardLevels[stored] === inForce) return stored;
  if (inForce === "trace" || inForce === "debug") return "DEBUG";
  if (inForce === "info") return "INFO";
  return inForce === "warn" ? "WARN" : "ERROR";
}
