/** What another program prints, as it comes: for programs of this machine whose output is somebody's input. */
import { spawn } from "node:child_process";
import { once } from "node:events";

/** Of what it says on its standard error, the end. */
const mostSaidBytes = 8 * 1024;

export interface ProgramOutputOptions {
  /** Kills it. */
  readonly signal: AbortSignal;
  /** What its failure means. @param said the end of what it has said on its standard error */
  readonly explain: (said: string) => Error;
  /** Ours if absent. */
  readonly env?: NodeJS.ProcessEnv;
}

/** No faster than it is read; who stops reading ends the program.
 *  @param argv is handed to the kernel as it is
 *  @throws what `explain` makes of it, if it cannot be started, or ends with anything but 0: what came before is not whole then */
export async function* programOutput(
  [program = "", ...args]: readonly string[],
  { signal, explain, env }: ProgramOutputOptions,
): AsyncGenerator<Buffer> {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], env, signal, killSignal: "SIGTERM" });
  let said = "";
  child.stderr.on("data", (bytes: Buffer) => {
    said = (said + bytes).slice(-mostSaidBytes);
  });
  const ended = once(child, "close"); // its outputs are at their end, too
  ended.catch(() => {}); // it is waited for below, unless nobody reads so far
  try {
    yield* child.stdout;
    const [code] = await ended.catch((error: Error) => {
      said ||= error.message;
      return [undefined];
    });
    signal.throwIfAborted();
    if (code !== 0) throw explain(said.trim());
  } finally {
    child.kill();
  }
}
