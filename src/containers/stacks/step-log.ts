/** Keeps what a deployment does, as it happens: told to whoever listens at once, and saved a moment later, together with all else of that moment. */
import type { Clock } from "../../platform/clock.ts";
import type { Log } from "../../platform/log.ts";
import { after } from "../../platform/timers.ts";
import type { DeploymentStep, Deployments } from "./deployments.ts";

export interface StepLog extends AsyncDisposable {
  tell(text: string): void;
}

export interface StepLogParts {
  readonly deployments: Pick<Deployments, "addSteps">;
  readonly clock: Clock;
  readonly log: Pick<Log, "warn">;
  /** Hears of each step at once. */
  readonly listener?: (step: DeploymentStep) => void;
}

/** A commit for each step would cost more than the steps of a small stack. */
const gatherMs = 200;
/** Much more than a stack of hundreds of containers takes. */
const mostSteps = 10_000;

/** A log that cannot be saved stops nobody. Disposing saves the rest. */
export function openStepLog(deploymentId: number, { deployments, clock, log, listener }: StepLogParts): StepLog {
  let gathered: DeploymentStep[] = [];
  let position = 0;
  let timer: Disposable | undefined;
  let saving = Promise.resolve();

  function save(): void {
    timer?.[Symbol.dispose]();
    timer = undefined;
    const steps = gathered;
    const first = position;
    gathered = [];
    position += steps.length;
    saving = saving
      .then(() => deployments.addSteps(deploymentId, first, steps))
      .catch((error: unknown) => log.warn({ err: error, deploymentId }, "steps of a deployment could not be saved"));
  }

  return {
    tell(text) {
      const step = { at: clock.now(), text };
      listener?.(step);
      if (position + gathered.length >= mostSteps) return;
      gathered.push(step);
      timer ??= after(gatherMs, save);
    },
    async [Symbol.asyncDispose]() {
      save();
      await saving;
    },
  };
}
