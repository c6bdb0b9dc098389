/** What time it is by an engine's clock, which stamps its events. */
import { Type } from "typebox";
import { Compile } from "typebox/compile";
import type { Engine } from "../../platform/docker/engine.ts";
import { readEngineJson } from "../../platform/docker/engine-reply.ts";
import { createFineTime } from "./fine-time.ts";

export interface EngineClock {
  /** Milliseconds: not later than it is there. */
  earliest(): number;
  /** Milliseconds: not earlier than it is there. */
  latest(): number;
  /** Compares the clocks, if that was long ago. @throws {YardError} unavailable */
  compare(): Promise<void>;
  /** One of the clocks may have been set. */
  distrust(): void;
}

const SystemInfo = Compile(Type.Object({ SystemTime: Type.String() }));

/** Clocks that are kept right drift apart by a millisecond in that time; one that is not is set by then. */
const goodForMs = 60_000;

/** @param isOurs the engine is on this machine: there is nothing to compare */
export function createEngineClock(engine: Engine, isOurs: boolean): EngineClock {
  const fineTime = createFineTime();
  /** What theirs may be ahead of ours by. */
  let ahead = { leastMs: 0, mostMs: 0 };
  let comparedAtMs = Number.NEGATIVE_INFINITY;
  return {
    earliest: () => Date.now() + ahead.leastMs,
    latest: () => fineTime() + ahead.mostMs,
    async compare() {
      if (isOurs || performance.now() - comparedAtMs < goodForMs) return;
      const askedMs = Date.now();
      const info = await engine.call("tell its time", (docker, abortSignal) =>
        readEngineJson(docker, "/info", { abortSignal }),
      );
      const theirsMs = SystemInfo.Check(info) ? Date.parse(info.SystemTime) : Number.NaN;
      ahead = Number.isNaN(theirsMs)
        ? { leastMs: 0, mostMs: 0 }
        : { leastMs: theirsMs - Date.now(), mostMs: theirsMs - askedMs };
      comparedAtMs = performance.now();
    },
    distrust() {
      comparedAtMs = Number.NEGATIVE_INFINITY;
    },
  };
}
