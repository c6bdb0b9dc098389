/** The health checks of one unit: one at a time, again and again while it may run. Only the last result is known, and only a change of it is
 *  announced. */
import type { HealthCheck, UnitStatus } from "./protocol.ts";
import type { Time } from "./time.ts";

export interface HealthChecks {
  /** Of the last check since it began. */
  readonly health: UnitStatus["health"];
  /** Does nothing if it has begun, or there is nothing to check. */
  begin(): void;
  /** Kills a check that is under way, and forgets the result. */
  rest(): void;
}

export interface HealthChecksParts {
  readonly time: Time;
  /** As the definition has it now. */
  readonly check: () => HealthCheck | undefined;
  /** Whether it found the unit well. Never rejects; settles soon after the signal is aborted. */
  readonly probe: (check: HealthCheck, signal: AbortSignal) => Promise<boolean>;
  readonly changed: () => void;
}

export function createHealthChecks(parts: HealthChecksParts): HealthChecks {
  const { time } = parts;
  let health: UnitStatus["health"];
  let resting: AbortController | undefined;
  let timer: Disposable | undefined;

  async function look(check: HealthCheck, signal: AbortSignal): Promise<void> {
    const startedAt = time.monotonic();
    const ok = await parts.probe(check, signal);
    if (signal.aborted) return;
    const isNews = health?.ok !== ok;
    health = { ok, at: time.now() };
    if (isNews) parts.changed();
    wait(Math.max(0, check.everyMs - (time.monotonic() - startedAt)), check, signal);
  }

  function wait(delayMs: number, check: HealthCheck, signal: AbortSignal): void {
    timer = time.after(delayMs, () => void look(check, signal));
  }

  return {
    get health() {
      return health;
    },
    begin() {
      const check = parts.check();
      if (resting || !check) return;
      resting = new AbortController();
      // Those of a thousand units that begin together are spread over the interval.
      wait(Math.random() * check.everyMs, check, resting.signal);
    },
    rest() {
      if (!resting) return;
      resting.abort("at rest");
      resting = undefined;
      timer?.[Symbol.dispose]();
      if (health === undefined) return;
      health = undefined;
      parts.changed();
    },
  };
}
