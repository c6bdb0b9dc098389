/** What people are told of a rule that fires, or fires no more. */
import type { AlertRule } from "./rule.ts";

interface Where {
  readonly containerName: string;
  readonly hostName: string | undefined;
}

export function firedMessage(rule: AlertRule, where: Where, value: number): string {
  if (rule.metric === "container_down") return `${placeOf(where)} ${value > 0 ? "does not run" : "runs"}.`;
  const side = rule.operator === "gt" ? "above" : "below";
  const lasting = rule.durationSeconds > 0 ? ` for ${rule.durationSeconds} s` : "";
  return `${placeOf(where)}: ${whatOf(rule)} ${percent(value)}, ${side} ${percent(rule.threshold)}${lasting}.`;
}

/** @param value absent: it is watched no more */
export function resolvedMessage(rule: AlertRule, where: Where, value?: number): string {
  if (value === undefined) return `${placeOf(where)} is watched by this rule no more.`;
  if (rule.metric === "container_down") return `${placeOf(where)} ${value > 0 ? "does not run" : "runs again"}.`;
  return `${placeOf(where)}: ${whatOf(rule)} ${percent(value)} again.`;
}

function placeOf({ containerName, hostName }: Where): string {
  return hostName === undefined ? containerName : `${containerName} on ${hostName}`;
}

function whatOf({ metric }: AlertRule): string {
  return metric === "cpu_percent" ? "CPU is at" : "memory is at";
}

function percent(value: number): string {
  return `${Math.round(value * 10) / 10} %`;
}
