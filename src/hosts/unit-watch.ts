/** Every change of any unit, without end. A connection that was lost may have hidden any number of changes, so after it all
 *  units arrive again; those that do not are reported as removed before `synced`. */
import type { ClientHttp2Stream } from "node:http2";
import { setTimeout as delay } from "node:timers/promises";
import type { UnitEvent } from "../agent/protocol.ts";
import type { AgentConnection } from "./connection.ts";
import { brokenOff, openStream } from "./exchange.ts";
import type { HostLog } from "./log.ts";
import { createLineParser } from "./ndjson.ts";
import { parseUnitEvent } from "./replies.ts";

const retryMs = 1_000;

export function watchUnits(
  connection: AgentConnection,
  log: HostLog,
  listener: (event: UnitEvent) => void,
): Disposable {
  const leaving = new AbortController();
  const signal = AbortSignal.any([leaving.signal, connection.closed]);
  const known = new Set<string>();

  async function watchOn(): Promise<void> {
    while (!signal.aborted) {
      try {
        const session = await connection.session({ waitMs: Number.POSITIVE_INFINITY, signal });
        const stream = openStream(session, { method: "GET", path: "/v1/units?watch" }, connection.name);
        const end = () => stream.close();
        signal.addEventListener("abort", end);
        await readEvents(stream, completed(known, listener)).finally(() => signal.removeEventListener("abort", end));
        if (!session.destroyed && !signal.aborted) throw brokenOff(session, connection.name, undefined);
      } catch (error) {
        if (signal.aborted) return;
        log.warn({ host: connection.name, err: error }, "lost sight of the host's units; watching again");
        await delay(retryMs, undefined, { signal }).catch(() => {}); // ends with the loop
      }
    }
  }

  void watchOn();
  return { [Symbol.dispose]: () => leaving.abort() };
}

/** Passes events on, and makes up the `removed` of units that vanished while nobody was watching. */
function completed(known: Set<string>, listener: (event: UnitEvent) => void): (event: UnitEvent) => void {
  const missing = new Set(known);
  return (event) => {
    if (event.type === "unit") {
      known.add(event.unit.id);
      missing.delete(event.unit.id);
    } else if (event.type === "removed") {
      missing.delete(event.id);
      known.delete(event.id); // or it came and went so quickly that this is all that is told of it
    } else if (event.type === "synced") {
      for (const id of missing) {
        known.delete(id);
        listener({ type: "removed", id });
      }
      missing.clear();
    }
    listener(event);
  };
}

/** Resolves when the stream has ended, for whatever reason. */
function readEvents(stream: ClientHttp2Stream, onEvent: (event: UnitEvent) => void): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const feed = createLineParser((value) => onEvent(parseUnitEvent(value)));
  stream.on("data", (chunk: Buffer) => {
    try {
      feed(chunk);
    } catch (error) {
      reject(error);
      stream.close();
    }
  });
  stream.on("error", () => {}); // the close that follows tells
  stream.on("close", resolve);
  return promise;
}
