/** Runs the commands of scripts where the yard's processes run: as units of a host's agent, which ends them when their time is over also if
 *  nobody asks any more. */
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Units } from "../../../hosts/host.ts";
import { isYardError, YardError } from "../../../platform/errors.ts";

export interface HostCommand {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly user: string | undefined;
  readonly timeoutMs: number;
  /** Of its log; what is printed beyond is lost. */
  readonly maxLogBytes: number;
}

export interface HostCommandEnd {
  readonly log: Buffer;
  /** It was ended because its time was over. */
  readonly isLate: boolean;
}

/** Resolves when nothing of it runs any more. Ends it when `signal` is aborted.
 *  @throws {YardError} invalid, precondition: it could not be started; unavailable */
export type RunOnHost = (command: HostCommand, options: { readonly signal: AbortSignal }) => Promise<HostCommandEnd>;

/** Beyond the time limit, before the agent takes away all that is left. */
const lifetimeGraceMs = 30_000;
const removeAgainMs = 50;

export function createRunOnHost({ units }: { readonly units: Pick<Units, "run" | "remove"> }): RunOnHost {
  /** Again and again: one that is on its way to the agent can only be removed when it is there. */
  async function removeUntil(settled: Promise<unknown>, id: string): Promise<void> {
    let isSettled = false;
    void settled.finally(() => {
      isSettled = true;
    });
    while (!isSettled) {
      await units.remove(id).catch(() => {}); // it has its time limit, too
      await delay(removeAgainMs);
    }
  }

  return async ({ argv, cwd, env, user, timeoutMs, maxLogBytes }, { signal }) => {
    signal.throwIfAborted();
    const id = `script-${randomUUID()}`;
    const running = units.run(
      {
        id,
        revision: 1,
        sandbox: "host",
        process: { argv, cwd, env, user, maxOutputBytes: maxLogBytes },
        restart: { onExit: "no", minIntervalMs: 0 },
        enabled: true,
        timeoutMs,
        lifetimeMs: timeoutMs + lifetimeGraceMs,
        keepRuns: 0,
      },
      { maxBytes: maxLogBytes },
    );
    const settled = running.catch(() => {});
    const remove = () => void removeUntil(settled, id);
    signal.addEventListener("abort", remove, { once: true });
    try {
      const { unit, output } = await running;
      const run = unit.runs[0] ?? unit.lastEnded;
      if (run?.startError !== undefined) throw new YardError(run.startError.code, run.startError.message);
      return { log: output, isLate: run?.stopCause === "timeout" };
    } catch (error) {
      signal.throwIfAborted();
      if (isYardError(error, "not_found")) throw new YardError("interrupted", "the host has given it up");
      throw error;
    } finally {
      signal.removeEventListener("abort", remove);
    }
  };
}
