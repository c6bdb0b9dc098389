/** One command in a capsule of its own, which is there for it and goes with it. */
import { YardError } from "../platform/errors.ts";
import { type ExecParts, execInCapsule } from "./capsule-exec.ts";
import type { CapsuleCommand } from "./capsule-processes.ts";
import { type CapsuleWanted, createCapsule, destroyCapsule } from "./capsules.ts";

export interface CapsuleRun {
  readonly capsule: CapsuleWanted;
  readonly command: CapsuleCommand;
  readonly timeoutSeconds?: number;
}

/** The exit code as `execInCapsule` has it. The capsule is destroyed in any case, also when `parts.signal` is aborted.
 *  @throws {YardError} timeout, and as `execInCapsule` does */
export async function runInNewCapsule(run: CapsuleRun, parts: ExecParts): Promise<number | undefined> {
  const client = await parts.connect();
  const { id } = await createCapsule(client, run.capsule); // an abort waits for the answer: only that names what to destroy
  const late = run.timeoutSeconds === undefined ? undefined : AbortSignal.timeout(run.timeoutSeconds * 1_000);
  try {
    parts.signal.throwIfAborted();
    const signal = late ? AbortSignal.any([parts.signal, late]) : parts.signal;
    return await execInCapsule(client, id, run.command, { ...parts, signal });
  } catch (error) {
    if (!late?.aborted || parts.signal.aborted) throw error;
    throw new YardError("timeout", `the command was ended: it has run for ${run.timeoutSeconds} s.`);
  } finally {
    await destroy(id, parts);
  }
}

async function destroy(id: string, parts: ExecParts): Promise<void> {
  try {
    await destroyCapsule(await parts.connect(), id);
  } catch (error) {
    const reason = error instanceof Error ? error.message : error;
    parts.notice(`could not destroy capsule ${id} (${reason}). Do it later: runyard capsule rm ${id}`);
  }
}
