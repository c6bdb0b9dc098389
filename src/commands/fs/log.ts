/** `runyard fs log` */
import type { Command } from "commander";
import type { YardFlags } from "../../client/find-yard.ts";
import { inert } from "../../client/inert.ts";
import { type Move, noSuchLabel, readLog } from "../../client/scripts-fs.ts";
import { timeText } from "../app/text.ts";
import { wholeNumber } from "../option-values.ts";
import { addYardOptions, connectToYard } from "../yard-options.ts";

interface LogOptions extends YardFlags {
  limit?: number;
  json?: boolean;
}

export function define(command: Command): void {
  addYardOptions(command)
    .argument("<label>", "the label")
    .option("-n, --limit <count>", "the newest moves only", wholeNumber({ min: 0, max: 1_000_000 }))
    .option("--json", "print the moves as the API answers them, as an array, the oldest first")
    .addHelpText("after", help)
    .action(log);
}

const help = `
The newest move first. Any snapshot that is named here can be gone back to: runyard fs reset.

Examples:
  $ runyard fs log site
  $ runyard fs log --limit 1 --json site`;

async function log(label: string, { limit, json, ...flags }: LogOptions): Promise<void> {
  const moves = await readLog(await connectToYard(flags), label, limit);
  if (moves.length === 0 && limit !== 0) throw noSuchLabel(label);
  if (json) return console.log(JSON.stringify(moves.map((move) => move.json)));
  for (const move of moves.toReversed()) for (const line of moveLines(move)) console.log(line);
}

function moveLines({ operation, at, from, to, message }: Move): string[] {
  const origin = from === undefined ? [] : [`  from  ${inert(from)}`];
  const reason = message === undefined ? [] : [`        ${inert(message)}`];
  return [`${inert(operation)}  ${timeText(at)}`, `  to    ${inert(to)}`, ...origin, ...reason];
}
