/** The source of a script: of a file, of standard input, or of the command's own arguments. */
import { readFile } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import { YardError } from "../../platform/errors.ts";

/** @param file `-`: standard input @throws {YardError} invalid */
export async function readScript(file: string): Promise<string> {
  const bytes = file === "-" ? await buffer(process.stdin) : await read(file);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    const what = file === "-" ? "standard input" : file;
    throw new YardError("invalid", `${what} is no script: it is not UTF-8 text`, { cause: error });
  }
}

async function read(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new YardError("invalid", `cannot read ${file}: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  }
}
