/** How a prompt shows what an entry came to. */
import { inspect } from "node:util";
import { inert } from "../../client/inert.ts";
import type { ExecutionSeen } from "../../client/scripts.ts";

/** Lines for a terminal: the final value as JavaScript writes it, or the error. None, where there is nothing to show.
 *  @param width of the terminal, in characters */
export function outcomeLines({ status, result, lost, error }: ExecutionSeen, width: number): string[] {
  if (status !== "completed") return errorLines(error ?? status);
  const value = result === undefined ? [] : valueLines(result, width);
  return lost.length === 0 ? value : [...value, `// not in JSON: ${lost.map(inert).join("; ")}`];
}

function valueLines(json: string, width: number): string[] {
  const text = inspect(JSON.parse(json), {
    depth: 6,
    maxArrayLength: 200,
    maxStringLength: 20_000,
    breakLength: width,
  });
  return text.split("\n").map(inert);
}

/** Positions are left out: they are those of the script that the entry has become, and nobody has seen that. */
function errorLines(error: string): string[] {
  return error
    .split("\n")
    .map((line) => line.replace(/^( +at\b.*?) ?\(?\S+:\d+:\d+\)?$/, "$1"))
    .filter((line) => !/^ +at( <anonymous>)?$/.test(line))
    .map(inert);
}
