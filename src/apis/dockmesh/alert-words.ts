/** Alerts in Dockmesh's words. Durations are seconds, times RFC 3339. */
import { type Static, Type } from "typebox";
import type { AlertDigest } from "../../containers/alerts/digest.ts";
import type { AlertEdge } from "../../containers/alerts/evaluate.ts";
import type { AlertHistoryEntry as HistoryEntry } from "../../containers/alerts/history.ts";
import {
  alertMetrics,
  alertOperators,
  alertSeverities,
  type AlertRule as Rule,
  type AlertRuleInput as RuleInput,
} from "../../containers/alerts/rule.ts";
import type { AlertedContainer, AlertedContainers, FleetDocument } from "../../notifications/channel.ts";
import { YardError } from "../../platform/errors.ts";

const metric = Type.Enum([...alertMetrics], {
  description: "`container_down` is 1 while a container does not run that has run before, else 0",
});
const severity = Type.Enum([...alertSeverities]);
const Time = Type.String({ format: "date-time" });

/** What both are given and show. */
const shared = {
  name: Type.String(),
  metric,
  threshold: Type.Number({ description: "Percent of one core, or of the memory limit; not 0" }),
};

export const AlertRuleInput = Type.Object({
  ...shared,
  operator: Type.Enum([...alertOperators, ">", "<"]),
  container_filter: Type.Optional(Type.String({ description: "Needed: a name, in which `*` stands for any text" })),
  duration_seconds: Type.Optional(Type.Integer({ description: "How long it must have been so; 0 if absent" })),
  cooldown_seconds: Type.Optional(Type.Integer({ description: "Between two times that it fires; 300 if absent" })),
  channel_ids: Type.Optional(Type.Union([Type.Array(Type.Integer()), Type.Null()])),
  severity: Type.Optional({ ...severity, description: "`warning` if absent" }),
  enabled: Type.Optional(Type.Boolean({ description: "Yes, if absent" })),
  muted_until: Type.Optional(Type.Union([Time, Type.Null()])),
});

export const AlertRule = Type.Object({
  id: Type.Integer(),
  ...shared,
  container_filter: Type.String(),
  operator: Type.Enum([...alertOperators]),
  duration_seconds: Type.Integer(),
  cooldown_seconds: Type.Integer(),
  channel_ids: Type.Array(Type.Integer()),
  severity,
  enabled: Type.Boolean(),
  builtin: Type.Boolean({ description: "It came with the server" }),
  muted_until: Type.Optional(Time),
  firing_since: Type.Optional({ ...Time, description: "Absent: it fires for no container" }),
  last_triggered_at: Type.Optional(Time),
  last_resolved_at: Type.Optional(Time),
});

export const AlertHistoryEntry = Type.Object({
  id: Type.Integer(),
  rule_id: Type.Integer(),
  rule_name: Type.String(),
  container_name: Type.String(),
  status: Type.Enum(["fired", "resolved"]),
  message: Type.String(),
  value: Type.Number(),
  threshold: Type.Number(),
  occurred_at: Time,
});

const usualCooldownSeconds = 300;

/** @throws {YardError} invalid (`container_filter`, `muted_until`) */
export function ruleFromWire(wire: Static<typeof AlertRuleInput>): RuleInput {
  if (wire.container_filter === undefined) {
    throw new YardError("invalid", "is missing: `*` means all", { field: "container_filter" });
  }
  const mutedUntil = wire.muted_until == null ? undefined : Date.parse(wire.muted_until);
  if (Number.isNaN(mutedUntil)) throw new YardError("invalid", "is no time", { field: "muted_until" });
  return {
    ...{ name: wire.name, containerFilter: wire.container_filter, metric: wire.metric, threshold: wire.threshold },
    operator: wire.operator === ">" || wire.operator === "gt" ? "gt" : "lt",
    durationSeconds: wire.duration_seconds ?? 0,
    cooldownSeconds: wire.cooldown_seconds ?? usualCooldownSeconds,
    severity: wire.severity ?? "warning",
    channelIds: wire.channel_ids ?? [],
    isEnabled: wire.enabled ?? true,
    ...(mutedUntil !== undefined && { mutedUntil }),
  };
}

export function ruleToWire(rule: Rule): Static<typeof AlertRule> {
  return {
    ...{ id: rule.id, name: rule.name, container_filter: rule.containerFilter, metric: rule.metric },
    ...{ operator: rule.operator, threshold: rule.threshold, severity: rule.severity },
    ...{ duration_seconds: rule.durationSeconds, cooldown_seconds: rule.cooldownSeconds },
    ...{ channel_ids: [...rule.channelIds], enabled: rule.isEnabled, builtin: rule.isBuiltIn },
    ...timesToWire({
      muted_until: rule.mutedUntil,
      firing_since: rule.firingSince,
      last_triggered_at: rule.lastFiredAt,
      last_resolved_at: rule.lastResolvedAt,
    }),
  };
}

export function entryToWire(entry: HistoryEntry): Static<typeof AlertHistoryEntry> {
  return {
    ...{ id: entry.id, rule_id: entry.ruleId, rule_name: entry.ruleName, container_name: entry.containerName },
    ...{ status: entry.status, message: entry.message, value: entry.value, threshold: entry.threshold },
    occurred_at: new Date(entry.at).toISOString(),
  };
}

/** Of a message that tells of more; people read no further either. */
const mostNamed = 10;
const mostListed = 100;

/** What channels are told. */
export function alertDocument({ rule, status, edges, firing, at }: AlertDigest): FleetDocument {
  return {
    ...{ event: `alert.${status}`, timestamp: new Date(at).toISOString(), severity: rule.severity },
    message: messageOf(edges),
    alert: {
      ...{ rule_id: rule.id, rule_name: rule.name, metric: rule.metric, threshold: rule.threshold, firing },
      ...aboutOf(edges),
    },
  };
}

function messageOf(edges: readonly AlertEdge[]): string {
  const named = edges.slice(0, mostNamed).map(({ message }) => message);
  const more = edges.length > mostNamed ? [`And ${edges.length - mostNamed} more.`] : [];
  const count = edges.length > 1 ? [`${edges.length} containers:`] : [];
  return [...count, ...named, ...more].join(" ");
}

function aboutOf(edges: readonly AlertEdge[]): AlertedContainer | AlertedContainers {
  const containers = edges.slice(0, mostListed).map(({ value, containerName, hostId }) => {
    return { value, container_name: containerName, host_id: hostId };
  });
  return edges.length === 1 ? containers[0]! : { container_count: edges.length, containers };
}

/** Without those that are not known. */
function timesToWire<Name extends string>(times: Readonly<Record<Name, number | undefined>>) {
  const known = Object.entries<number | undefined>(times).filter((entry) => entry[1] !== undefined);
  return Object.fromEntries(known.map(([name, at]) => [name, new Date(at!).toISOString()])) as { [N in Name]?: string };
}
