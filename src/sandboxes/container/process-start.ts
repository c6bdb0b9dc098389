/** A process to be started in a sandbox, in the words of what starts it inside. */
import type { EngineExec, StartExec } from "./engine-exec.ts";
import { toolsPath } from "./inside/paths.ts";

export interface ProcessStart {
  /** Name of the directory for its traces. */
  readonly traces: string;
  /** Of the mark of its end. */
  readonly nonce: string;
  /** In a terminal both streams are one, as they are where errors are merged. */
  readonly mode: "merged" | "separate" | "terminal";
  readonly hasInput: boolean;
  /** "": the user's home. */
  readonly cwd: string;
  readonly size: { readonly cols: number; readonly rows: number };
  /** Name or number, as the sandbox has it. */
  readonly user: string;
  readonly argv: readonly string[];
  /** NAME=value. */
  readonly env: readonly string[];
  /** The PATH that the program is looked up on. */
  readonly searched: string;
  /** Names of directories of processes that have ended and are recorded. */
  readonly done: readonly string[];
}

/** What its output begins and ends with is said in inside/run-script.ts. @throws {YardError} as `StartExec` */
export type StartProcess = (start: ProcessStart) => Promise<EngineExec>;

/** By inside/run-script.ts. */
export function startInShell(startExec: StartExec): StartProcess {
  return ({ traces, nonce, mode, hasInput, cwd, size, user, argv, env, searched, done }) => {
    const settings = [traces, nonce, mode, hasInput ? "open" : "none", cwd, `${size.cols}`, `${size.rows}`];
    const variables = env.map((one, i) => `v${i}=${one}`);
    return startExec({
      argv: [`${toolsPath}/bin/sh`, `${toolsPath}/run`, ...settings, ...argv],
      env: [...variables, `count=${variables.length}`, `searched=${searched}`, `done=${done.join(" ")}`],
      user,
      terminal: mode === "terminal",
      hasPipedInput: mode !== "terminal" && hasInput,
    });
  };
}
