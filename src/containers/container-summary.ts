/** How many containers there are, in all and of each stack. */
import { label } from "./deploy/labels.ts";
import type { ContainerRow } from "./inventory/container-row.ts";

export interface ContainerSummary {
  readonly total: number;
  readonly running: number;
  /** Exited, dead, or never started. */
  readonly stopped: number;
  readonly unhealthy: number;
  readonly byStack: ReadonlyMap<string, StackSummary>;
}

export interface StackSummary {
  readonly total: number;
  readonly running: number;
  readonly unhealthy: number;
  /** Ids. */
  readonly hosts: readonly string[];
  readonly services: readonly string[];
}

export interface HostRow {
  readonly hostId: string;
  readonly row: ContainerRow;
}

export function summarize(found: readonly HostRow[]): ContainerSummary {
  const stacks = Map.groupBy(found, ({ row }) => row.Labels[label.project] ?? "");
  stacks.delete("");
  return {
    ...countsOf(found),
    stopped: count(found, ({ State: state }) => state === "exited" || state === "dead" || state === "created"),
    byStack: new Map([...stacks].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, own]) => [name, stackOf(own)])),
  };
}

function stackOf(found: readonly HostRow[]): StackSummary {
  const services = found.flatMap(({ row }) => row.Labels[label.service] ?? []);
  return {
    ...countsOf(found),
    hosts: [...new Set(found.map(({ hostId }) => hostId))],
    services: [...new Set(services)].sort(),
  };
}

function countsOf(found: readonly HostRow[]) {
  return {
    total: found.length,
    running: count(found, ({ State: state }) => state === "running"),
    unhealthy: count(found, ({ Status: text }) => text.includes("(unhealthy)")),
  };
}

function count(found: readonly HostRow[], isCounted: (row: ContainerRow) => boolean): number {
  return found.filter(({ row }) => isCounted(row)).length;
}
