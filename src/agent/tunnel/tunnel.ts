/** The way to the yard of an agent on another machine: it dials out, over a WebSocket, and serves HTTP/2 back over that connection, so that no host
 *  needs an open port.
 *
 *  It is dialled again for as long as it takes. What runs here goes on meanwhile, and the yard, once it is back, asks what became of it: every request
 *  carries ids of the yard's making, so that the same one twice does nothing twice. */
import type { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { type Backoff, backoffMs } from "../../platform/backoff.ts";
import { type Approach, dial } from "./dial.ts";

export interface TunnelParts {
  /** Of the yard, for people. */
  readonly name: string;
  /** How it is reached now. @param tried.isRefused the yard did not take what it was shown the last time */
  approach(tried: { readonly isRefused: boolean }): Promise<Approach>;
  /** Serves the agent's interface over it; ends it when the agent does. */
  serve(transport: Duplex): void;
  /** The yard knows this host no more. */
  onRemoved(): void;
  readonly log: (message: string) => void;
  readonly backoff?: Backoff;
  /** Nothing from the yard for so long: the connection is dead. The yard asks for a sign of life every 10 s. */
  readonly silenceMs?: number;
}

const usualBackoff: Backoff = { baseMs: 500, maxMs: 30_000 };
const usualSilenceMs = 35_000;
/** A connection that lived this long was a good one: the next failure counts as the first. */
const settledMs = 5_000;

export function openTunnel(parts: TunnelParts): AsyncDisposable {
  const { log, backoff = usualBackoff, silenceMs = usualSilenceMs } = parts;
  const closing = new AbortController();
  const { signal } = closing;

  async function keepOpen(): Promise<void> {
    let isRefused = false;
    for (let failures = 0; !signal.aborted; ) {
      try {
        const approach = await parts.approach({ isRefused });
        isRefused = false;
        const dialled = await dial({ ...approach, signal, silenceMs });
        isRefused = dialled.kind === "refused";
        if (dialled.kind === "removed") return parts.onRemoved();
        if (dialled.kind === "open") {
          const since = performance.now();
          log(`Connected to ${parts.name}.`);
          parts.serve(dialled.stream);
          await dialled.ended;
          if (performance.now() - since >= settledMs) failures = 0;
          if (!signal.aborted) log(`The connection to ${parts.name} has ended.`);
        }
      } catch (error) {
        if (!signal.aborted) log(`Cannot connect to ${parts.name}: ${error instanceof Error ? error.message : error}`);
      }
      failures++;
      await delay(backoffMs(failures, backoff), undefined, { signal }).catch(() => {}); // closing is not an error
    }
  }

  const loop = keepOpen();
  return {
    async [Symbol.asyncDispose]() {
      closing.abort();
      await loop;
    },
  };
}
