/** The events of one engine: one stream, however many listen. Every event is told once, though an engine repeats the last ones to whoever comes back.
 *
 *  A stream alone cannot say that there is nothing more to come, and it may lag behind the answer that somebody has already had. `catchUp` closes that gap:
 *  it asks for the events up to this moment, by the engine's own clock and as a list that ends. An engine writes an event down before it answers
 *  the call that caused it, so after `catchUp` all is known whose caller had an answer before. It costs a twentieth of listing 50 containers (measured: 0.2 ms). */
import type { Engine } from "../../platform/docker/engine.ts";
import { openEngineReply, readEngineText } from "../../platform/docker/engine-reply.ts";
import { parseJsonLines, readJsonLines } from "../../platform/docker/json-lines.ts";
import { type DockerEvent, parseDockerEvent } from "./docker-event.ts";
import type { EngineClock } from "./engine-clock.ts";
import { createSharedRun } from "./shared-run.ts";

export interface EventFeed {
  /** Reads from where it was left until the stream ends or the signal aborts. @param onOpen once nothing can be missed any more
   *  @throws {YardError} unavailable; whatever the stream broke with */
  follow(signal: AbortSignal, onOpen: () => void): Promise<void>;
  /** Resolves once every event from before the call was told.
   *  @returns false: it cannot be sure of that   @throws {YardError} unavailable, also where the engine hangs */
  catchUp(): Promise<boolean>;
}

/** As many events as an engine remembers. */
const engineRemembers = 256;
/** What is repeated is known again: all that it remembers, twice over. */
const mostKnown = 2 * engineRemembers;
/** Two events of about the same time may be written down in another order than that of their times. */
const overlapMs = 100;

export interface EventFeedParts {
  readonly engine: Engine;
  readonly clock: EngineClock;
  /** For each answer of the engine. */
  readonly timeoutMs: number;
  /** Called with each event, once. */
  tell(event: DockerEvent): void;
}

export function createEventFeed({ engine, clock, timeoutMs, tell }: EventFeedParts): EventFeed {
  const known = new Set<string>();
  /** By the engine's clock: what was before the first stream was asked for is nobody's news. */
  let beganMs: number | undefined;
  /** Up to when events are known. */
  let newestMs: number | undefined;

  function take(value: unknown): void {
    const event = parseDockerEvent(value);
    if (event === undefined || known.has(event.key)) return;
    known.add(event.key);
    if (known.size > mostKnown) for (const oldest of known) if (known.delete(oldest)) break;
    newestMs = Math.max(newestMs ?? 0, event.timeMs);
    if (event.timeMs >= (beganMs ?? 0)) tell(event);
  }

  /** Whether the clock there was set back, behind what was seen: then it begins anew. */
  function wasSetBack(): boolean {
    if (newestMs === undefined || newestMs - overlapMs <= clock.latest()) return false;
    beganMs = newestMs = clock.earliest();
    return true;
  }

  async function askUpToNow(): Promise<boolean> {
    await clock.compare();
    if (wasSetBack()) return false;
    const untilMs = clock.latest();
    const query = { since: inSeconds((newestMs ?? untilMs) - overlapMs), until: inSeconds(untilMs) };
    const text = await engine.call(
      "tell its latest events",
      (docker, abortSignal) => readEngineText(docker, "/events", { query, abortSignal }),
      { timeoutMs },
    );
    const told = parseJsonLines(text);
    for (const value of told) take(value);
    newestMs = Math.max(newestMs ?? 0, untilMs);
    return told.length < engineRemembers;
  }

  return {
    async follow(signal, onOpen) {
      await clock.compare();
      wasSetBack();
      beganMs ??= clock.earliest();
      newestMs ??= beganMs;
      // An engine answers before it has subscribed us: `since` fills that gap as well.
      const query = { since: inSeconds(newestMs - overlapMs) };
      const reply = await engine.call(
        "tell its events",
        (docker, abortSignal) =>
          openEngineReply(docker, "/events", { query, abortSignal: AbortSignal.any([abortSignal, signal]) }),
        { timeoutMs },
      );
      onOpen();
      for await (const value of readJsonLines(reply)) take(value);
    },
    catchUp: createSharedRun(async () => {
      try {
        return await askUpToNow();
      } catch (error) {
        clock.distrust(); // an engine whose clock is behind waits until the time that it was asked for has come
        throw error;
      }
    }),
  };
}

/** As engines read times: seconds, and a fraction of at most nine digits. */
function inSeconds(ms: number): string {
  return (Math.max(0, ms) / 1_000).toFixed(6);
}
