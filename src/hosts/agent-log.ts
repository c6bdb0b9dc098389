/** The local agent's standard output and error: a file beside its state, kept small. The agent holds it open in append mode, so that
 *  it may be emptied under its hands. */
import { copyFile, type FileHandle, open, rename, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf } from "../platform/errors.ts";

/** Of each of two files, the current and the one before. A quiet agent fills it in years, one that fails in a loop in hours. */
const maxBytes = 4 * 1024 * 1024;
const checkMs = 60_000;

/** Opens the log for a new agent; a full one becomes the one before. */
export async function openAgentLog(directory: string): Promise<FileHandle> {
  const path = pathIn(directory);
  if ((await sizeOf(path)) > maxBytes) await rename(path, `${path}.1`);
  return open(path, "a", 0o600);
}

/** Keeps the log of a running agent within its bound. */
export function boundAgentLog(directory: string, onError: (error: unknown) => void): Disposable {
  const path = pathIn(directory);
  const check = async (): Promise<void> => {
    if ((await sizeOf(path)) <= maxBytes) return;
    await copyFile(path, `${path}.1`);
    await truncate(path); // lines written between copy and truncation are lost: a log, not a record
  };
  const timer = setInterval(() => void check().catch(onError), checkMs).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

function pathIn(directory: string): string {
  return join(directory, "agent.log");
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return 0;
    throw error;
  }
}
