/** The options of every command that talks to a yard, and how one is found. */
import type { Command } from "commander";
import { findYard, type YardFlags } from "../client/find-yard.ts";
import type { FollowParts } from "../client/follow-run.ts";
import { createYardClient, type YardClient } from "../client/http.ts";

export function addYardOptions(command: Command): Command {
  return command
    .option("--url <url>", "the yard (default: RUNYARD_URL, the last `runyard login`, or the yard of this machine)")
    .option(
      "--token <token>",
      "session token or API key (default: RUNYARD_TOKEN; other users see arguments, the variable they do not)",
    )
    .option("--ca <file>", "certificates to trust for the yard, as PEM");
}

export async function connectToYard(flags: YardFlags): Promise<YardClient> {
  return createYardClient(await findYard(flags, process.env, Date.now()));
}

/** A yard that is being upgraded is back within this time. */
const patienceMs = 5 * 60_000;

/** What a command needs that copies a run's output to standard output until `signal` is aborted. */
export function followParts(flags: YardFlags, signal: AbortSignal): FollowParts {
  return { connect: () => connectToYard(flags), output: process.stdout, notice, signal, patienceMs };
}

/** To the person at the terminal; standard output stays data. */
export function notice(text: string): void {
  console.error(`runyard: ${text}`);
}
