/** What was typed at the prompt before, in `js-history` of the user's state directory: for its owner only, as people type secrets, too. */
import { homedir } from "node:os";
import { join } from "node:path";
import { readPrivateFile, writePrivateFile } from "../../client/private-file.ts";
import { isYardError } from "../../platform/errors.ts";

export interface ReplHistory {
  /** The newest line first, as readline has them. */
  readonly lines: readonly string[];
  save(lines: readonly string[]): Promise<void>;
}

export const mostLines = 1_000;

/** Where it cannot be read or written, the prompt goes without, and `notice` tells once. */
export async function openHistory(env: NodeJS.ProcessEnv, notice: (text: string) => void): Promise<ReplHistory> {
  const stateHome = env.XDG_STATE_HOME || join(env.HOME || homedir(), ".local", "state");
  const path = join(stateHome, "runyard", "js-history");
  let isUsable = true;

  async function attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
    if (!isUsable) return undefined;
    try {
      return await work();
    } catch (error) {
      isUsable = false;
      const reason = isYardError(error) ? error.message : `${path}: ${error instanceof Error ? error.message : error}`;
      notice(`the history of this prompt is not kept. ${reason}`);
      return undefined;
    }
  }

  const text = await attempt(() => readPrivateFile(path));
  return {
    lines: (text ?? "")
      .split("\n")
      .filter((line) => line !== "")
      .toReversed(),
    async save(lines) {
      await attempt(() => writePrivateFile(path, `${lines.slice(0, mostLines).toReversed().join("\n")}\n`));
    },
  };
}
