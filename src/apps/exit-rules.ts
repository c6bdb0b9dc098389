/** What follows the end of an app's process. Starting it again is the agent's part, so that it happens also while no control plane is
 *  there; deleting the app is ours. */
import type { RestartPolicy, UnitStatus } from "../agent/protocol.ts";
import type { Exit } from "../sandboxes/sandbox.ts";
import type { AppDefinition, ExitAction } from "./app.ts";

export type ExitRules = AppDefinition["exit"];

/** The least time between two starts: a crash loop turns about once a second, and an app that ran longer is back at once. */
const minIntervalMs = 1_000;

export function restartPolicyOf(rules: ExitRules): RestartPolicy {
  return {
    onExit: restartOf(rules.action),
    codes: Object.fromEntries(Object.entries(rules.byCode).map(([code, action]) => [code, restartOf(action)])),
    minIntervalMs,
  };
}

/** An app without a schedule has no later time to wait for: `restart` is at once. */
function restartOf(action: ExitAction): "always" | "no" {
  return action === "keepalive" || action === "restart" ? "always" : "no";
}

/** An end by a signal, or one that nobody saw, has none of the codes. */
export function actionAfter(rules: ExitRules, exit: Exit): ExitAction {
  return (exit.code === null ? undefined : rules.byCode[exit.code]) ?? rules.action;
}

/** The app is to be deleted, because it ended by itself in a way whose action is `remove`. */
export function isToBeRemoved(rules: ExitRules, unit: UnitStatus): boolean {
  const run = unit.runs[0];
  if (!run?.exit || !unit.enabled || run.stopCause) return false;
  return actionAfter(rules, run.exit) === "remove";
}
