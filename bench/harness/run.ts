/** Programs that a benchmark runs to their end. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Bench } from "./figure.ts";

const execute = promisify(execFile);
const timeoutMs = 600_000;

/** @throws {Error} unless it ends with 0, with what it said */
export async function run(
  bench: Bench,
  file: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<void> {
  const env = { PATH: process.env.PATH, ...options.env };
  await execute(file, args, { cwd: options.cwd, env, signal: bench.signal, timeout: timeoutMs });
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}
