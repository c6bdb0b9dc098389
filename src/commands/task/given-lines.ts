/** The lines of a list: those of a file, or of standard input. */
import { createReadStream } from "node:fs";
import { YardError } from "../../platform/errors.ts";

/** What a list may have: all of it is in memory while its tasks run. */
const most = { bytes: 256 * 1_024 * 1_024, lines: 1_000_000 };

/** Blank lines are left out, and so is a carriage return at the end of a line. @param path `-`: standard input
 *  @throws {YardError} invalid: it cannot be read, is no text, has no line; too_large */
export async function readLines(path: string): Promise<string[]> {
  const name = path === "-" ? "standard input" : path;
  const bytes = await readAll(path === "-" ? process.stdin : createReadStream(path), name);
  const lines = textOf(bytes, name)
    .split("\n")
    .map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line))
    .filter((line) => line.trim() !== "");
  if (lines.length === 0) throw new YardError("invalid", `${name} has no line`);
  if (lines.length > most.lines)
    throw new YardError("too_large", `${name} has ${lines.length} lines; ${most.lines} are allowed. Split it.`);
  return lines;
}

async function readAll(source: AsyncIterable<Buffer>, name: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of source) {
      size += chunk.length;
      if (size > most.bytes) break;
      chunks.push(chunk);
    }
  } catch (error) {
    throw new YardError("invalid", `cannot read ${name}: ${error instanceof Error ? error.message : error}`);
  }
  if (size > most.bytes) throw new YardError("too_large", `${name} is longer than ${most.bytes} bytes. Split it.`);
  return Buffer.concat(chunks);
}

function textOf(bytes: Buffer, name: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new YardError("invalid", `${name} is no text in UTF-8`);
  }
}
