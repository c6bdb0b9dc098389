/** All executions that have not ended, by team and id, and how they end together when the yard stops. */
import { type ExecutionEnd, endWithout } from "./execution.ts";
import { type Beginning, createLiveExecution, type LiveExecution, type LiveParts } from "./live-execution.ts";

export interface LiveExecutions extends AsyncDisposable {
  readonly isClosing: boolean;
  /** @param run what is done for it; never rejects */
  start(who: Beginning, run: (execution: LiveExecution) => Promise<void>): void;
  /** Undefined: the team has none of that id, or it has ended. */
  find(teamId: string, id: string): LiveExecution | undefined;
  of(teamId: string): readonly LiveExecution[];
  /** Of whichever team. */
  withId(id: string): LiveExecution | undefined;
  readonly count: number;
  /** Resolves when all of them have ended. */
  endAll(end: ExecutionEnd): Promise<void>;
}

const neverBegan = endWithout("failed", "It could not be saved.");
const stopped = endWithout("failed", "Interrupted: the server was stopped while the script was running.");

export function createLiveExecutions(parts: Omit<LiveParts, "closing">): LiveExecutions {
  const closing = new AbortController();
  const live = new Map<string, LiveExecution>();
  const running = new Set<Promise<void>>();
  const endAll = async (end: ExecutionEnd) =>
    void (await Promise.all([...live.values()].map((execution) => execution.end(end))));

  return {
    get isClosing() {
      return closing.signal.aborted;
    },
    start(who, run) {
      const execution = createLiveExecution(who, { ...parts, closing: closing.signal });
      live.set(execution.id, execution);
      void execution.ended.then(() => live.delete(execution.id));
      who.begun.catch(() => execution.end(neverBegan)); // stops it: its end is not recorded either
      const done = run(execution).finally(() => running.delete(done));
      running.add(done);
      if (closing.signal.aborted) void execution.end(stopped); // it was saved while the others were ended
    },
    find(teamId, id) {
      const execution = live.get(id);
      return execution?.teamId === teamId ? execution : undefined;
    },
    of: (teamId) => [...live.values()].filter((execution) => execution.teamId === teamId),
    withId: (id) => live.get(id),
    get count() {
      return live.size;
    },
    endAll,
    async [Symbol.asyncDispose]() {
      closing.abort();
      await endAll(stopped);
      await Promise.all(running);
    },
  };
}
