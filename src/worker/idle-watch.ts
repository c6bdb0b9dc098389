/** Tells when there was nothing to do for a while. */
import { after } from "../platform/timers.ts";

export interface IdleWatch extends Disposable {
  begin(): void;
  end(): void;
}

/** @param idleMs undefined: it never tells */
export function createIdleWatch(idleMs: number | undefined, onIdle: () => void): IdleWatch {
  const wait = (): Disposable | undefined => (idleMs === undefined ? undefined : after(idleMs, onIdle));
  let busy = 0;
  let timer = wait();
  return {
    begin() {
      busy++;
      timer?.[Symbol.dispose]();
    },
    end() {
      if (--busy === 0) timer = wait();
    },
    [Symbol.dispose]: () => timer?.[Symbol.dispose](),
  };
}
