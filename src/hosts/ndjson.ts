/** Lines of JSON as they arrive in pieces. */
import { StringDecoder } from "node:string_decoder";
import { YardError } from "../platform/errors.ts";

/** The agent's largest line is one unit's status; its definition is bounded by 16 MiB. */
const maxLineLength = 32 * 1024 * 1024;

/** Feed it chunks; it calls `onValue` for each whole line.
 *  @throws {YardError} internal, for a line that is too long or no JSON */
export function createLineParser(onValue: (value: unknown) => void): (chunk: Buffer) => void {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  return (chunk) => {
    const lines = (rest + decoder.write(chunk)).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > maxLineLength) throw new YardError("internal", "the agent sends a line without end");
    for (const line of lines) if (line) onValue(parseLine(line));
  };
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new YardError("internal", "the agent sends a line that is no JSON", { cause });
  }
}
