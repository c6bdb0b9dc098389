/** What a command prints, in two files that it writes itself: nothing of it passes through our memory. Each keeps its end when it outgrows its
 *  bound. */
import { closeSync, mkdirSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { asStorageError } from "../platform/errors.ts";
import type { TreeEntries } from "../platform/trees/tree-entry.ts";
import { createOutputFile, type OutputFile } from "../sandboxes/output-file.ts";
import type { OutputKeeper } from "../sandboxes/output-keeper.ts";
import { rangeOf } from "./tree.ts";

export interface StdLog {
  /** A command that runs `argv` with its output going into the files. */
  capture(argv: readonly string[]): readonly string[];
  /** The command has ended: it prints no more. */
  end(): void;
  /** Some of what was printed, `most` bytes at most. @param position NaN: the end; what is gone already is left out */
  read(
    name: OutputName,
    position: number,
    most: number,
  ): Promise<{ readonly position: number; readonly bytes: Uint8Array }>;
  /** For the archive. */
  entries(): TreeEntries;
  remove(): void;
}

export interface StdLogParts {
  readonly directory: string;
  /** Of each of the two. */
  readonly maxBytes: number;
  readonly keeper: OutputKeeper;
}

export const outputNames = ["stdout", "stderr"] as const;
export type OutputName = (typeof outputNames)[number];

/** A shell is in every sandbox, and replaces itself by the command. Appending: the front of the files may be given back while it writes. */
const redirect = 'out=$1 err=$2; shift 2; exec "$@" >>"$out" 2>>"$err"';

/** Makes the two files. @throws {YardError} storage_full */
export function openStdLog({ directory, maxBytes, keeper }: StdLogParts): StdLog {
  makeDirectory(directory);
  const ended = new AbortController();
  const files = outputNames.map((name) =>
    createOutputFile({ path: join(directory, `${name}.log`), maxBytes, ended: ended.signal }),
  );
  for (const file of files) {
    closeSync(file.openForAppending());
    keeper.add(file);
  }
  return {
    capture: (argv) => ["/bin/sh", "-c", redirect, "sh", ...files.map(({ path }) => path), ...argv],
    end() {
      ended.abort("ended");
      for (const file of files) keeper.end(file);
    },
    async read(name, position, most) {
      const file = files[outputNames.indexOf(name)]!;
      const { size } = file.measure();
      const from = Number.isNaN(position) ? Math.max(0, size - most) : position;
      const chunk = await file.read({ position: from, maxBytes: most });
      return { position: chunk.from, bytes: chunk.bytes };
    },
    entries: () => entriesOf(files),
    remove() {
      for (const file of files) keeper.remove(file);
    },
  };
}

function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw asStorageError(error, "No directory for the output can be made");
  }
}

async function* entriesOf(files: readonly OutputFile[]): TreeEntries {
  yield { type: "directory", path: "std-log", mode: 0o755 };
  for (const [i, file] of files.entries()) {
    await using handle = await open(file.path, "r");
    const { size } = file.measure();
    const start = Math.min(size, file.start());
    const content = rangeOf(handle, { start, end: size });
    yield { type: "file", path: `std-log/${outputNames[i]}.log`, mode: 0o664, size: size - start, content };
  }
}
