/** Notices the end of processes that are not our children: nobody tells us, so we look. */
import { errnoOf } from "../../platform/errors.ts";
import { isAlive } from "../../platform/process/procfs.ts";

export interface LifeWatch extends Disposable {
  /** Settles once that process has ended. */
  ended(process: { pid: number; startTicks: number }): Promise<void>;
}

/** Asking whether a number is in use takes 1 µs, reading a process' state some 10 µs: that is done at every fifth look only, to notice the
 *  dead that nobody waits for, and numbers that were used again. */
const intervalMs = 200;
const looksPerReading = 5;

export function createLifeWatch(): LifeWatch {
  const watched = new Map<{ pid: number; startTicks: number }, () => void>();
  let timer: NodeJS.Timeout | undefined;
  let looks = 0;

  function look(): void {
    const reads = looks++ % looksPerReading === 0;
    for (const [process, resolve] of watched) {
      if (isInUse(process.pid) && (!reads || isAlive(process.pid, process.startTicks))) continue;
      watched.delete(process);
      resolve();
    }
    if (watched.size === 0) stop();
  }

  function stop(): void {
    clearInterval(timer);
    timer = undefined;
  }

  return {
    ended(process) {
      timer ??= setInterval(look, intervalMs).unref();
      return new Promise((resolve) => {
        watched.set(process, resolve);
      });
    },
    [Symbol.dispose]: stop,
  };
}

function isInUse(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return errnoOf(error) === "EPERM"; // another user's
  }
}
