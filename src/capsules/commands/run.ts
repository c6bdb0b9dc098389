/** Commands that somebody waits for. */
import type { HostSandbox } from "../../hosts/host.ts";
import { isYardError, YardError } from "../../platform/errors.ts";
import type { SandboxFiles } from "../../sandboxes/sandbox.ts";
import type { CommandSpec, CommandWait, FinishedCommand } from "./commands.ts";
import { exitCodeOf } from "./exit-code.ts";
import { mostOutputBytes, processSpecOf } from "./process-spec.ts";

/** Of a shell, for a program that there is not, and for one that cannot be run. */
const [notFoundCode, notExecutableCode] = [127, 126];

/** It goes on until it ends or its time has passed, also if nobody waits any more. */
export async function runCommand(sandbox: HostSandbox, spec: CommandSpec, wait: CommandWait): Promise<FinishedCommand> {
  const process = processSpecOf(spec, { kind: "run" });
  const begunAt = performance.now();
  const durationMs = () => Math.round(performance.now() - begunAt);
  try {
    const { exit, output, errors } = await sandbox.run(process, { ...wait, maxBytes: mostOutputBytes });
    return { stdout: output, stderr: errors, exitCode: exitCodeOf(exit), durationMs: durationMs() };
  } catch (error) {
    if (isYardError(error, "too_large")) throw tooMuchOutput(error);
    if (!isYardError(error, "invalid") || error.field !== "argv") throw error;
    const exitCode = await shellCodeOf(spec.command, sandbox.files);
    const stderr = Buffer.from(`${error.message}\n`);
    return { stdout: Buffer.alloc(0), stderr, exitCode, durationMs: durationMs() };
  }
}

/** Which of the two it is: what was refused does not say. */
async function shellCodeOf(command: string, files: SandboxFiles | undefined): Promise<number> {
  if (!command.includes("/")) return notFoundCode;
  const isThere = await files?.stat(command).then(
    () => true,
    () => false,
  );
  return isThere ? notExecutableCode : notFoundCode;
}

function tooMuchOutput(cause: unknown): YardError {
  const mebibytes = mostOutputBytes / 1024 / 1024;
  const message = `The command has printed more than ${mebibytes} MiB. Stream its output, or have it write to a file.`;
  return new YardError("too_large", message, { cause });
}
