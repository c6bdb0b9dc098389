/** Rules by which somebody is told that a container is not well. */
import { YardError } from "../../platform/errors.ts";

/** `container_down`: 1 while a container does not run that has run before, 0 while it does. */
export const alertMetrics = ["cpu_percent", "mem_percent", "container_down"] as const;
export type AlertMetric = (typeof alertMetrics)[number];
export const alertOperators = ["gt", "lt"] as const;
export type AlertOperator = (typeof alertOperators)[number];
export const alertSeverities = ["info", "warning", "critical"] as const;
export type AlertSeverity = (typeof alertSeverities)[number];

export interface AlertRuleInput {
  readonly name: string;
  /** Which containers, by their names; `*` stands for any text. */
  readonly containerFilter: string;
  readonly metric: AlertMetric;
  readonly operator: AlertOperator;
  readonly threshold: number;
  /** How long it must have been so. */
  readonly durationSeconds: number;
  /** How long after it has fired for a container it does not fire for it again. */
  readonly cooldownSeconds: number;
  readonly severity: AlertSeverity;
  /** Where it is told. */
  readonly channelIds: readonly number[];
  readonly isEnabled: boolean;
  /** Until then it is told to nobody; it is written down all the same. */
  readonly mutedUntil?: number;
}

export interface AlertRule extends AlertRuleInput {
  readonly id: number;
  /** Can be changed, and not deleted. */
  readonly isBuiltIn: boolean;
  /** Since when there is a container for which it fires. */
  readonly firingSince?: number;
  readonly lastFiredAt?: number;
  readonly lastResolvedAt?: number;
}

const mostCharacters = 200;
/** Samples are kept for longer. */
const mostDurationSeconds = 4 * 3_600;
const mostCooldownSeconds = 30 * 86_400;
const mostChannels = 50;

/** @throws {YardError} invalid, naming the field in Dockmesh's words */
export function requireSoundRule(rule: AlertRuleInput): void {
  requireText("name", rule.name);
  requireText("container_filter", rule.containerFilter);
  if (!Number.isFinite(rule.threshold) || rule.threshold === 0) throw fault("threshold", "is a number that is not 0");
  requireWithin("duration_seconds", rule.durationSeconds, mostDurationSeconds);
  requireWithin("cooldown_seconds", rule.cooldownSeconds, mostCooldownSeconds);
  if (rule.channelIds.length > mostChannels) throw fault("channel_ids", `are ${mostChannels} at most`);
}

/** Whether the rule is about that container. Every character but `*` stands for itself. */
export function isAbout({ containerFilter }: Pick<AlertRuleInput, "containerFilter">, containerName: string): boolean {
  const [first = "", ...others] = containerFilter.split("*");
  const last = others.pop();
  if (last === undefined) return containerName === first;
  if (!containerName.startsWith(first)) return false;
  let at = first.length;
  for (const part of others) {
    const found = containerName.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return containerName.length - last.length >= at && containerName.endsWith(last);
}

/** Whether a value is what the rule is to tell. */
export function isAlarming({ operator, threshold }: Pick<AlertRuleInput, "operator" | "threshold">, value: number) {
  return operator === "gt" ? value > threshold : value < threshold;
}

function requireText(field: string, text: string): void {
  if (text.trim() === "") throw fault(field, field === "container_filter" ? "is missing: `*` means all" : "is missing");
  if (text.length > mostCharacters) throw fault(field, `has more than ${mostCharacters} characters`);
}

function requireWithin(field: string, seconds: number, most: number): void {
  if (!Number.isInteger(seconds) || seconds < 0 || seconds > most) throw fault(field, `is between 0 and ${most}`);
}

function fault(field: string, what: string): YardError {
  return new YardError("invalid", what, { field });
}
