/** What an engine says of a thing: its own JSON with its own keys, passed on to those who know them. */
import { YardError } from "../platform/errors.ts";

export type EngineRecord = Readonly<Record<string, unknown>>;

/** @throws {YardError} internal */
export function asRecords(value: unknown, what: string): readonly EngineRecord[] {
  if (value === null) return [];
  if (Array.isArray(value) && value.every(isRecord)) return value;
  throw new YardError("internal", `The Docker engine's ${what} cannot be read.`);
}

/** @throws {YardError} internal */
export function asRecord(value: unknown, what: string): EngineRecord {
  if (isRecord(value)) return value;
  throw new YardError("internal", `The Docker engine's ${what} cannot be read.`);
}

export function isRecord(value: unknown): value is EngineRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
