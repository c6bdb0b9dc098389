/** Where the tunnels of one host's agent arrive: of those at most one is in use, and the newest wins. */
import type { Duplex } from "node:stream";

export interface Dock {
  /** The tunnel of the highest number that was not taken yet; waits for one. Rejects when `signal` aborts. */
  take(signal: AbortSignal): Promise<Duplex>;
  /** Ends the one that is in use or waits, and puts this in its place. One with a lower number than those before it is ended itself.
   *  @returns whether it is the one now */
  moor(tunnel: Duplex, link: number): boolean;
  /** Ends the tunnel that there is, if its number is lower than that. */
  cutBelow(link: number, reason: string): void;
}

export function createDock(): Dock {
  let current: { readonly tunnel: Duplex; readonly link: number } | undefined;
  let waiting: ((tunnel: Duplex) => void) | undefined;
  let isTaken = false;

  function cut(reason: string): void {
    current?.tunnel.destroy(new Error(reason));
    current = undefined;
    isTaken = false;
  }

  return {
    async take(signal) {
      signal.throwIfAborted();
      if (current && !isTaken && !current.tunnel.destroyed) {
        isTaken = true;
        return current.tunnel;
      }
      const { promise, resolve, reject } = Promise.withResolvers<Duplex>();
      const giveUp = () => reject(signal.reason);
      signal.addEventListener("abort", giveUp, { once: true });
      waiting = resolve;
      try {
        return await promise;
      } finally {
        waiting = undefined;
        signal.removeEventListener("abort", giveUp);
      }
    },

    moor(tunnel, link) {
      if (current && link < current.link) {
        tunnel.destroy(new Error("the agent has opened a newer tunnel"));
        return false;
      }
      cut("the agent has opened a newer tunnel");
      current = { tunnel, link };
      isTaken = waiting !== undefined;
      waiting?.(tunnel);
      waiting = undefined;
      return true;
    },

    cutBelow(link, reason) {
      if (current && current.link < link) cut(reason);
    },
  };
}
