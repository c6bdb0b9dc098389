/** A change of a stack with its steps shown as they happen, on standard error. */
import { prerequisitesOf } from "../../client/fleet-deploys.ts";
import { hearSteps } from "../../client/fleet-steps.ts";
import type { YardClient } from "../../client/http.ts";
import { openStepBoard } from "../fleet/step-board.ts";
import { notice } from "../yard-options.ts";

export interface LiveChange {
  readonly stack: string;
  /** Ends the waiting: what was begun goes on. */
  readonly signal: AbortSignal;
  /** Also those of the stacks that it needs. */
  readonly withPrerequisites?: boolean;
}

export async function showingSteps<T>(
  client: YardClient,
  { stack, signal, withPrerequisites = false }: LiveChange,
  work: () => Promise<T>,
): Promise<T> {
  const needed = withPrerequisites ? await prerequisitesOf(client, stack) : [];
  using board = openStepBoard(process.stderr, stack);
  using _steps = await hearSteps(client, new Set([stack, ...needed]), board.tell);
  try {
    return await work();
  } catch (error) {
    if (signal.aborted) notice(`${stack}: what was begun goes on. Look: runyard stack history ${stack} latest`);
    throw error;
  } finally {
    if (!signal.aborted) await board.quiet();
  }
}
