/** What is wrong now, in sentences, the worst first. */
import { type Static, Type } from "typebox";
import type { ConsoleParts } from "../console-parts.ts";
import { commandOf, taskRow } from "../rows/task.ts";
import { beginningOf, OptionalMoment, OptionalText } from "../rows/texts.ts";
import type { Look } from "./look.ts";

export const wrongKinds = ["app", "capsule", "task", "host", "alert", "disk", "engine", "doctor"] as const;

export const WrongItem = Type.Object({
  kind: Type.Enum([...wrongKinds]),
  id: Type.String(),
  name: Type.String(),
  severity: Type.Enum(["error", "warning"]),
  what: Type.String({ description: "A sentence" }),
  since: OptionalMoment,
  where: OptionalText,
});
export type WrongItem = Static<typeof WrongItem>;

export const Wrong = Type.Object({
  items: Type.Array(WrongItem),
  counts: Type.Record(Type.String(), Type.Integer(), { description: "Of each kind, also of those that are not shown" }),
});

type Parts = Pick<ConsoleParts, "words" | "doctor">;

const mostItems = 100;
/** Of a disk, in percent. */
const [fullPercent, nearlyFullPercent] = [97, 90];

export function wrongOf(look: Look, parts: Parts): Static<typeof Wrong> {
  const all = [
    ...wrongHosts(look),
    ...wrongEngines(look),
    ...fullDisks(look),
    ...firingAlerts(look),
    ...wrongApps(look),
    ...wrongCapsules(look, parts),
    ...wrongTasks(look),
    ...findings(look, parts),
  ];
  const counts = Object.fromEntries(
    [...Map.groupBy(all, ({ kind }) => kind)].map(([kind, { length }]) => [kind, length]),
  );
  if (look.tasks?.failed.count) counts.task = look.tasks.failed.count;
  const isError = ({ severity }: WrongItem) => Number(severity === "error");
  const worstFirst = all.toSorted((a, b) => isError(b) - isError(a) || (b.since ?? 0) - (a.since ?? 0));
  return { items: worstFirst.slice(0, mostItems), counts };
}

function wrongHosts({ hosts = [] }: Look): WrongItem[] {
  return hosts
    .filter(({ status }) => status === "unreachable")
    .map(({ id, name, lastSeenAt, team }) => ({
      ...{ kind: "host", id, name, severity: "error", where: team, since: lastSeenAt },
      what: "Its agent is not heard of.",
    }));
}

/** Most machines have no engine, which is nothing wrong. */
function wrongEngines({ containers, hosts = [] }: Look): WrongItem[] {
  return (containers?.unreachable ?? []).flatMap(({ hostId, hostName, reason }): WrongItem[] => {
    const host = hosts.find(({ engineId }) => engineId === hostId);
    if (!host?.dockerVersion || host.status !== "online") return []; // that the host is away is told already
    return [
      { kind: "engine", id: hostId, name: hostName, severity: "error", what: reason, since: null, where: hostName },
    ];
  });
}

function fullDisks({ hosts = [] }: Look): WrongItem[] {
  return hosts.flatMap(({ id, name, load }): WrongItem[] => {
    if (!load?.diskBytes || !load.diskTotalBytes) return [];
    const percent = (100 * load.diskBytes) / load.diskTotalBytes;
    if (percent < nearlyFullPercent) return [];
    const severity = percent >= fullPercent ? "error" : "warning";
    const what = `Its disk is ${Math.floor(percent)} % full.`;
    return [{ kind: "disk", id, name, severity, what, since: null, where: name }];
  });
}

function firingAlerts({ alerts = [], hosts = [] }: Look): WrongItem[] {
  return alerts.map(({ ruleId, ruleName, severity, containerName, hostId, since }) => ({
    ...{ kind: "alert", id: String(ruleId), name: containerName, since },
    severity: severity === "critical" ? "error" : "warning",
    what: `The rule ${ruleName} fires.`,
    where: hosts.find(({ id }) => id === hostId)?.name ?? hostId,
  }));
}

function wrongApps({ apps = [] }: Look): WrongItem[] {
  const whats: Readonly<Record<string, string>> = {
    failed: "It should run, and does not.",
    restarting: "It ends again and again.",
    unhealthy: "Its health check fails.",
  };
  return apps.flatMap(({ id, name, owner, state, error, endedAt }): WrongItem[] => {
    const what = whats[state];
    if (what === undefined) return [];
    const severity = state === "failed" ? "error" : "warning";
    const since = error?.at ?? endedAt;
    return [{ kind: "app", id, name, severity, what: error?.message ?? what, since, where: owner }];
  });
}

function wrongCapsules({ capsules, viewer }: Look, { words }: Parts): WrongItem[] {
  return (capsules?.troubled ?? []).map(({ id: yardId, teamId, status, updatedAt, reason }) => {
    const id = words.idToWire("capsule", yardId); // it has no other name
    return {
      ...{ kind: "capsule", id, name: id, since: updatedAt },
      severity: status === "error" ? "error" : "warning",
      what: reason ?? (status === "missing" ? "Its host cannot be reached." : "It never ran."),
      where: viewer.teams.get(teamId)?.name ?? null,
    };
  });
}

function wrongTasks({ tasks }: Look): WrongItem[] {
  return (tasks?.failed.tasks ?? []).map((task) => {
    const { id, exitCode, signal, reason, team, updatedAt } = taskRow(task);
    const how = signal === null ? `It exited with ${exitCode}` : `It was ended by signal ${signal}`;
    return {
      ...{ kind: "task", id, name: commandOf(task) || `#${task.number}`, severity: "warning", since: updatedAt },
      ...{ what: `${how}${reason === null ? "" : ` (${reason})`}.`, where: team },
    };
  });
}

/** What the machine cannot do is its administrators' to know, and to mend. */
function findings({ viewer }: Look, { doctor }: Parts): WrongItem[] {
  const report = viewer.principal.isAdmin ? doctor.known : undefined;
  return (report?.findings ?? [])
    .filter(({ state }) => state === "warning")
    .map(({ name, what, fix }) => ({
      ...{ kind: "doctor", id: name, name, severity: "warning", since: null, where: null },
      what: beginningOf(fix === undefined ? what : `${what} ${fix}`, 300),
    }));
}
