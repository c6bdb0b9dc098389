/** Notices the end of processes that are not our children: nobody tells us, so we look. */
import { isAlive } from "../../platform/process/procfs.ts";

export interface LifeWatch extends Disposable {
  /** Settles once that process has ended. */
  ended(process: { pid: number; startTicks: number }): Promise<void>;
}

/** Reading a process' state takes some 10 µs: a hundred adopted ones cost half a percent of a core. */
const intervalMs = 200;

export function createLifeWatch(): LifeWatch {
  const watched = new Map<{ pid: number; startTicks: number }, () => void>();
  let timer: NodeJS.Timeout | undefined;

  function look(): void {
    for (const [process, resolve] of watched) {
      if (isAlive(process.pid, process.startTicks)) continue;
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
