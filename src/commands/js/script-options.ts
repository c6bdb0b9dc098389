/** The options of every command that runs scripts: what a script resumes, and what it may use. */
import { type Command, InvalidArgumentError } from "commander";
import type { ScriptSubmission } from "../../client/scripts.ts";
import { wholeNumber } from "../option-values.ts";

export interface ScriptOptions {
  readonly heap?: string;
  readonly session?: string;
  readonly fs?: string;
  /** MiB. */
  readonly memory?: number;
  /** Seconds. */
  readonly timeout?: number;
}

const mostTimeoutSeconds = 300;
const mostMemoryMb = 4_096;

export function addScriptOptions(command: Command): Command {
  return command
    .option("--heap <id>", "resume this saved memory", heapId)
    .option("--fs <snapshot>", "files to mount as `fs`: a label, or the id of a snapshot")
    .option("--memory <mib>", "memory for the script, in MiB (default: 8)", wholeNumber({ min: 1, max: mostMemoryMb }))
    .option(
      "--timeout <seconds>",
      "end it after this long (default: 30)",
      wholeNumber({ min: 1, max: mostTimeoutSeconds }),
    );
}

/** The yard takes one that it does not know for none; here a mistyped one is said to be one. */
function heapId(text: string): string {
  if (!/^[0-9a-f]{64}$/.test(text))
    throw new InvalidArgumentError("It has 64 hexadecimal digits, as js show prints it.");
  return text;
}

export function submissionOf(source: string, { heap, session, fs, memory, timeout }: ScriptOptions): ScriptSubmission {
  return { source, heap, session, fs, memoryMb: memory, timeoutSeconds: timeout };
}
