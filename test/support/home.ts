/** The program as a real process with a home of its own, for the tests that cross every room. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { temporaryDirectory } from "../../src/platform/testing/temporary-directory.ts";

export const checkoutLauncher = join(import.meta.dirname, "..", "..", "bin", "runyard.js");

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Home extends Disposable {
  readonly path: string;
  readonly data: string;
  /** Starts `runyard …args` with nothing of this process' settings. */
  start(
    args: readonly string[],
    options?: { env?: NodeJS.ProcessEnv; stdin?: string },
  ): ChildProcess & { ended: Promise<Ended> };
  /** Runs it to its end. */
  runyard(args: readonly string[], options?: { env?: NodeJS.ProcessEnv; stdin?: string }): Promise<Ended>;
}

/** @param environment of every program that is started there */
export function openHome(launcher = checkoutLauncher, environment: NodeJS.ProcessEnv = {}): Home {
  const directory = temporaryDirectory();
  const data = join(directory.path, "data");
  const baseEnv = {
    PATH: process.env.PATH,
    HOME: directory.path,
    RUNYARD_DATA: data,
    // One cache for all: the tests start many processes, and few are interested in how types are stripped.
    NODE_COMPILE_CACHE: join(import.meta.dirname, "..", "..", "node_modules", ".cache", "compiled"),
    ...environment,
  };

  function start(
    args: readonly string[],
    options: { env?: NodeJS.ProcessEnv; stdin?: string } = {},
  ): ChildProcess & { ended: Promise<Ended> } {
    const child = spawn(process.execPath, [launcher, ...args], {
      cwd: directory.path,
      env: { ...baseEnv, ...options.env },
    });
    child.stdin.end(options.stdin ?? "");
    const ended = Promise.all([once(child, "exit"), text(child.stdout), text(child.stderr)]).then(
      ([[code, signal], stdout, stderr]) => ({
        code,
        signal,
        stdout,
        stderr,
      }),
    );
    return Object.assign(child, { ended });
  }

  return {
    path: directory.path,
    data,
    start,
    runyard: (args, options) => start(args, options).ended,
    [Symbol.dispose]: () => directory[Symbol.dispose](),
  };
}
