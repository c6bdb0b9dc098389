/** Finds the WebSockets whose far side is gone without a word, as a machine that lost its network is. */
import type { WebSocket } from "ws";

export interface Liveness {
  begin(webSocket: WebSocket): void;
}

const pingMs = 30_000;
/** Pings in a row without any sign. A client that reads slowly answers late: what it has read since counts as a sign. */
const mostSilent = 4;

interface Signs {
  silent: number;
  waiting: number;
}

/** One timer for all of them, while there are any. */
export function watchLiveness(open: ReadonlySet<WebSocket>): Liveness {
  const signs = new WeakMap<WebSocket, Signs>();
  let timer: NodeJS.Timeout | undefined;

  function look(): void {
    for (const webSocket of open) {
      const seen = signs.get(webSocket);
      if (!seen) continue;
      const waiting = webSocket.bufferedAmount;
      if (waiting < seen.waiting) seen.silent = 0;
      seen.waiting = waiting;
      if (seen.silent >= mostSilent) webSocket.terminate();
      else if (webSocket.readyState === webSocket.OPEN) {
        seen.silent += 1;
        webSocket.ping();
      }
    }
    if (open.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  }

  return {
    begin(webSocket) {
      const seen: Signs = { silent: 0, waiting: 0 };
      signs.set(webSocket, seen);
      const alive = () => {
        seen.silent = 0;
      };
      webSocket.on("pong", alive).on("message", alive);
      timer ??= setInterval(look, pingMs).unref();
    },
  };
}
