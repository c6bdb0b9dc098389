/** `runyard app ls` */
import type { Command } from "commander";
import { comingStart, healthOf, stateOf } from "../../client/app-state.ts";
import { type AppSeen, listApps } from "../../client/apps.ts";
import type { YardFlags } from "../../client/find-yard.ts";
import { printList } from "../listing.ts";
import { addYardOptions, connectToYard } from "../yard-options.ts";
import type { Column } from "./table.ts";
import { bytesText, durationText, percentText } from "./text.ts";

export function define(command: Command): void {
  addYardOptions(command)
    .option("--json", "print what the API answers: an array of applications")
    .addHelpText("after", help)
    .action(list);
}

const help = `
States: running; waiting (its schedule starts it later); ended (exited with 0); failed (could not be started, or ended otherwise); new (not
started yet); disabled. On a narrow terminal the less important columns are left out.

Examples:
  $ runyard app ls
  $ runyard app ls --json`;

async function list(options: YardFlags & { json?: boolean }): Promise<void> {
  const apps = await listApps(await connectToYard(options));
  const shown = options.json ? apps : apps.toSorted((a, b) => a.name.localeCompare(b.name));
  const none = "There is no app yet that you may see. Add one: runyard app add web -- node server.js";
  printList(shown, { json: options.json, columns, none });
}

const columns: readonly Column<AppSeen>[] = [
  { heading: "NAME", cell: ({ name }) => name },
  { heading: "STATE", cell: (app) => stateOf(app) },
  { heading: "PID", cell: ({ pid }) => pid?.toString() ?? "-", alignRight: true, dispensable: 2 },
  { heading: "HEALTH", cell: (app) => healthOf(app) ?? "-", dispensable: 1 },
  { heading: "CPU", cell: ({ cpuPercent }) => orDash(cpuPercent, percentText), alignRight: true, dispensable: 4 },
  { heading: "MEMORY", cell: ({ memoryBytes }) => orDash(memoryBytes, bytesText), alignRight: true, dispensable: 3 },
  { heading: "STARTS", cell: ({ starts }) => String(starts), alignRight: true, dispensable: 7 },
  { heading: "EXIT", cell: ({ exitCode }) => exitCode?.toString() ?? "-", alignRight: true, dispensable: 5 },
  { heading: "NEXT START", cell: nextStart, dispensable: 6 },
];

function orDash(value: number | undefined, textOf: (value: number) => string): string {
  return value === undefined ? "-" : textOf(value);
}

function nextStart(app: AppSeen): string {
  const next = comingStart(app);
  return next ? `in ${durationText(next.getTime() - Date.now())}` : "-";
}
