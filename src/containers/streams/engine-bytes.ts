/** What an engine sends for as long as somebody reads. */
import type { Readable } from "node:stream";
import { YardError } from "../../platform/errors.ts";

/** @param what is read, as people call it @throws {YardError} unavailable, where the engine or the way to it is gone before the end */
export async function* readEngineBytes(stream: Readable, what: string): AsyncGenerator<Buffer, void, undefined> {
  try {
    yield* stream as AsyncIterable<Buffer>;
  } catch (cause) {
    throw new YardError("unavailable", `The Docker engine has broken ${what} off.`, { cause });
  }
}
