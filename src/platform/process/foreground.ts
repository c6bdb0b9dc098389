/** A program that has the terminal to itself until it ends, as an editor does. */
import { spawn } from "node:child_process";
import { once } from "node:events";

export interface ForegroundEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** With this process' own input, output and environment. A Ctrl-C at the terminal is the program's affair. @throws if it cannot be started */
export async function runInForeground(program: string, args: readonly string[]): Promise<ForegroundEnd> {
  const ignore = (): void => {};
  process.on("SIGINT", ignore);
  try {
    const child = spawn(program, args, { stdio: "inherit" });
    const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
    return { code, signal };
  } finally {
    process.off("SIGINT", ignore);
  }
}
