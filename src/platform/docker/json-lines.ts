/** JSON values one after another, as an engine streams events and progress. */
import { YardError } from "../errors.ts";

/** Events are below 64 KiB unless somebody has put very many labels on something. */
const maxLineLength = 1024 * 1024;

/** Yields each value as soon as its line is complete. @throws {YardError} internal, for a line that is too long or no JSON */
export async function* readJsonLines(source: AsyncIterable<Uint8Array>): AsyncGenerator<unknown, void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const part of source) {
    const lines = (rest + decoder.decode(part, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.trim() !== "") yield parseLine(line);
    if (rest.length > maxLineLength) throw new YardError("internal", "The Docker engine sends a line without end.");
  }
  if (rest.trim() !== "") yield parseLine(rest);
}

/** The values of a text that is there as a whole. @throws {YardError} internal, for a line that is no JSON */
export function parseJsonLines(text: string): unknown[] {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map(parseLine);
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new YardError("internal", "The Docker engine sends a line that is no JSON.", { cause });
  }
}
