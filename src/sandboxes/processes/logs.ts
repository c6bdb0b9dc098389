/** The logs of one process: one, or two where its standard error has its own. */
import { closeSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import { libc } from "../../platform/process/libc.ts";
import { createOutputFile, type OutputFile } from "../output-file.ts";
import type { OutputKeeper } from "../output-keeper.ts";
import { keyOf, type ProcessKey } from "./records.ts";

/** Where a process prints to. */
export interface LogFiles {
  readonly output: OutputFile;
  /** Where standard error goes, if not to `output`. */
  readonly errors?: OutputFile;
}

export interface Logs extends LogFiles {
  /** The process runs: they are kept within their bound. */
  keepWith(keeper: OutputKeeper): void;
  /** It will print no more. */
  endWith(keeper: OutputKeeper): void;
  deleteWith(keeper: OutputKeeper): void;
  /** Whether anybody has one of them open to print to. */
  areWritten(): boolean;
}

export interface LogSettings {
  readonly maxOutputBytes: number;
  readonly streams?: "merged" | "separate";
}

/** @param directory the driver's */
export function createLogs(directory: string, key: ProcessKey, { maxOutputBytes, streams }: LogSettings): Logs {
  const ended = new AbortController();
  const [outputPath, errorsPath] = logPaths(directory, key);
  const fileAt = (path: string) => createOutputFile({ path, maxBytes: maxOutputBytes, ended: ended.signal });
  const output = fileAt(outputPath);
  const errors = streams === "separate" ? fileAt(errorsPath) : undefined;
  const all = errors ? [output, errors] : [output];
  return {
    output,
    errors,
    keepWith(keeper) {
      for (const file of all) keeper.add(file);
    },
    endWith(keeper) {
      for (const file of all) if (!isWritten(file.path)) keeper.end(file);
      ended.abort("ended"); // a reason of our own: making the default one is slow
    },
    deleteWith(keeper) {
      for (const file of all) {
        keeper.remove(file);
        file.delete();
      }
    },
    areWritten: () => all.some(({ path }) => isWritten(path)),
  };
}

/** Also false where nobody can tell. */
function isWritten(path: string): boolean {
  let fd: number | undefined;
  try {
    fd = openSync(path, "r");
    return libc()?.isOpenForWriting(fd) ?? false;
  } catch {
    return false; // it was deleted
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

export function deleteLogs(directory: string, key: ProcessKey): void {
  for (const path of logPaths(directory, key)) rmSync(path, { force: true });
}

/** Whose log that file is, as `keyOf` says it. */
export function ownerOfLog(fileName: string): string {
  return fileName.replace(/(~errors)?\.log$/, "");
}

/** No id holds a `~`, so that no process' log has the name of another's. */
export function logPaths(directory: string, key: ProcessKey): [output: string, errors: string] {
  const path = join(directory, "output", keyOf(key));
  return [`${path}.log`, `${path}~errors.log`];
}
