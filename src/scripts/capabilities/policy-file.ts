/** The policy of a file, followed as the file changes. */
import { readFile } from "node:fs/promises";
import { errnoOf, isYardError, YardError } from "../../platform/errors.ts";
import type { Log } from "../../platform/log.ts";
import { every } from "../../platform/timers.ts";
import { grantsNothing, type Policy, parsePolicy } from "./policy.ts";

export interface PolicyFile extends AsyncDisposable {
  /** As the file was when it could last be used. */
  current(): Policy;
}

/** Looked at, not watched: it is found as well where it is replaced, linked or mounted, and costs one small read. */
const lookEveryMs = 1_000;
const mostCharacters = 1024 ** 2;

/** @param path none: nothing is granted
 *  @throws {YardError} invalid: it cannot be read, or what it says cannot be used */
export async function openPolicyFile({
  path,
  log,
  lookMs = lookEveryMs,
}: {
  readonly path: string | undefined;
  readonly log: Pick<Log, "info" | "error">;
  readonly lookMs?: number;
}): Promise<PolicyFile> {
  if (path === undefined) return { current: () => grantsNothing, async [Symbol.asyncDispose]() {} };
  const file = path;
  let known = await read(file);
  let policy = parsePolicy(file, known);

  async function look(): Promise<void> {
    const found = await read(file).catch((error: Error) => error);
    const text = typeof found === "string" ? found : found.message;
    if (text === known) return;
    known = text; // also what cannot be used: it is complained of once
    try {
      if (typeof found !== "string") throw found;
      policy = parsePolicy(file, found);
      log.info({ path }, "the scripts' policy has changed");
    } catch (error) {
      const reason = isYardError(error) ? error.message : String(error);
      log.error({ path, reason }, "the scripts' policy has changed and cannot be used; the one before stays in force");
    }
  }

  const looking = every(lookMs, look);
  return { current: () => policy, [Symbol.asyncDispose]: () => looking[Symbol.asyncDispose]() };
}

async function read(path: string): Promise<string> {
  try {
    const text = await readFile(path, "utf8");
    if (text.length > mostCharacters) throw new YardError("invalid", `${path}: a policy is not as long as this`);
    return text;
  } catch (error) {
    if (isYardError(error)) throw error;
    throw new YardError("invalid", `${path}: the policy cannot be read (${errnoOf(error) ?? error})`, { cause: error });
  }
}
