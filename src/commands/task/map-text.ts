/** What `runyard task map` tells of a map: at its begin, where it is broken off, and at its end. */
import { inert } from "../../client/inert.ts";
import type { FailedLine, MapOutcome, TaskMap } from "../../client/tasks-map.ts";
import { mapLabel } from "../../client/tasks-map-view.ts";
import { timeText } from "../app/text.ts";
import { outcomeText } from "./outcome.ts";

/** As many failures are told one by one; all of them are in what --json prints. */
const mostFailures = 20;
const longestLine = 80;

/** @param begunAt when an earlier call has begun it */
export function beginText({ id, lines }: TaskMap, submittedBefore: number, begunAt: Date | undefined): string {
  const what = `map ${id}: ${tasksText(lines.length)}`;
  if (begunAt === undefined && submittedBefore === 0) return what;
  const since = begunAt === undefined ? "" : `, begun ${timeText(begunAt)}`;
  return `${what}${since}; ${submittedBefore} of them are submitted already, it goes on with the rest`;
}

export function goesOnText({ id, group }: TaskMap): string {
  return `what is submitted goes on. The same call goes on with the rest; this ends it: runyard task cancel --group ${inert(group)} --label ${mapLabel(id)}`;
}

export function outcomeLines({ total, failures }: MapOutcome): string[] {
  if (failures.length === 0) return [`${tasksText(total)}, all exited with 0.`];
  const more = failures.length - mostFailures;
  return [
    `${tasksText(total)}, ${failures.length} failed:`,
    ...failures.slice(0, mostFailures).map(failureText),
    ...(more > 0 ? [`  and ${more} more: all of them are in what --json prints`] : []),
  ];
}

function failureText({ number, line, uuid, ...outcome }: FailedLine): string {
  const shown = line.length > longestLine ? `${line.slice(0, longestLine - 1)}…` : line;
  const what = uuid === undefined ? `refused: ${inert(outcome.reason ?? "")}` : `${outcomeText(outcome)} (${uuid})`;
  return `  line ${number}, ${inert(shown)}: ${what}`;
}

function tasksText(count: number): string {
  return count === 1 ? "1 task" : `${count} tasks`;
}
