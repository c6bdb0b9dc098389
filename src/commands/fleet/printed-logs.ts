/** The logs of containers on standard output: of one as it is, of several each line with whose it is. */
import { type Command, InvalidArgumentError } from "commander";
import type { YardFlags } from "../../client/find-yard.ts";
import { readContainerLog } from "../../client/fleet-logs.ts";
import type { Placed } from "../../client/fleet-rows.ts";
import type { YardClient } from "../../client/http.ts";
import { writeTo } from "../../client/write.ts";
import { isYardError } from "../../platform/errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { followParts, notice } from "../yard-options.ts";

export interface LogOptions extends YardFlags {
  follow?: boolean;
  tail?: string;
  timestamps?: boolean;
}

export function addLogOptions(command: Command): Command {
  return command
    .option("-f, --follow", "go on with what is printed from now on")
    .option("-n, --tail <lines>", "of the past only the last lines, or all (default: 100)", lines)
    .option("-t, --timestamps", "with the time of each line before it");
}

function lines(text: string): string {
  if (text === "all" || /^\d{1,9}$/.test(text)) return text;
  throw new InvalidArgumentError("It is a number of lines, or all.");
}

export interface LoggedContainer {
  readonly container: Placed;
  /** Inert. */
  readonly label: string;
}

/** Together while they are followed, else one after the other: one that fails does not hold up the others.
 *  @returns the exit code @throws the signal's reason once that is aborted */
export async function printLogs(
  client: YardClient,
  logged: readonly LoggedContainer[],
  { follow = false, tail = "100", timestamps, ...flags }: LogOptions,
  signal: AbortSignal,
): Promise<number> {
  const width = Math.max(...logged.map(({ label }) => label.length));
  let code: number = exitCodes.ok;

  async function print({ container, label }: LoggedContainer): Promise<void> {
    const parts = followParts(flags, signal);
    const prefix = logged.length > 1 ? `${label.padEnd(width)} | ` : "";
    const onLine = ({ time, text }: { time: string; text: string }) =>
      writeTo(parts.output, Buffer.from(`${prefix}${timestamps ? `${time} ` : ""}${text}\n`), signal);
    try {
      await readContainerLog(client, container, { tail, follow }, { ...parts, onLine });
    } catch (error) {
      signal.throwIfAborted();
      if (!isYardError(error) || logged.length === 1) throw error;
      notice(`${label}: ${error.message}`);
      code = exitCodes.failure;
    }
  }

  if (follow) await Promise.all(logged.map(print));
  else for (const one of logged) await print(one);
  return code;
}
