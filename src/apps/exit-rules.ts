/** What follows the end of an app's process. Starting it again is the agent's part, so that it happens also while no control plane is
 *  there; deleting the app is ours. */
import type { RestartPolicy, UnitStatus } from "../agent/protocol.ts";
import type { Exit } from "../sandboxes/sandbox.ts";
import type { AppDefinition, ExitAction } from "./app.ts";

export type ExitRules = AppDefinition["exit"];

/** Of runs: they start once, whatever the app that they are copies of would do. */
export const noExitRules: ExitRules = { action: "standby", byCode: {} };

/** The least time between two starts: a crash loop turns about once a second, and an app that ran longer is back at once. */
const minIntervalMs = 1_000;

export function restartPolicyOf(rules: ExitRules, { isScheduled }: { isScheduled: boolean }): RestartPolicy {
  /** `restart` is as the schedule says: at the next slot, or at once where there is no schedule to wait for. */
  const restartOf = (action: ExitAction) =>
    action === "keepalive" || (action === "restart" && !isScheduled) ? "always" : "no";
  return {
    onExit: restartOf(rules.action),
    codes: Object.fromEntries(Object.entries(rules.byCode).map(([code, action]) => [code, restartOf(action)])),
    minIntervalMs,
  };
}

/** An end by a signal, or one that nobody saw, has none of the codes. */
export function actionAfter(rules: ExitRules, exit: Pick<Exit, "code">): ExitAction {
  return (exit.code === null ? undefined : rules.byCode[exit.code]) ?? rules.action;
}

/** When the app is to be deleted because it ended by itself in a way whose action is `remove`, in wall milliseconds; undefined if it is not.
 *  It follows from the run's end alone, so that the next control plane comes to the same time. */
export function removalDueAt(
  { exit: rules, removeAfterMs = 0 }: { readonly exit: ExitRules; readonly removeAfterMs?: number },
  unit: UnitStatus,
): number | undefined {
  const run = unit.runs[0];
  if (!run?.exit || !unit.enabled || run.stopCause) return undefined;
  return actionAfter(rules, run.exit) === "remove" ? run.exit.at + removeAfterMs : undefined;
}
