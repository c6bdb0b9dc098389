/** The content of an upload: the part `file` of a form, or the body as it is. */
import type { Readable, Writable } from "node:stream";
import { errnoOf, isYardError, YardError } from "../../../platform/errors.ts";
import type { ApiRequest } from "../../../platform/http/api.ts";

/** Of a form; the file's own bytes are bounded where they are written. Clients send the file and its name. */
export const formLimits = { files: 1, fields: 8, parts: 9, fieldNameSize: 100, fieldSize: 65_536, fileSize: Infinity };

/** Resolves when all of it has been written, and the request was complete. @throws {YardError} invalid, interrupted; the target's own errors */
export async function receiveContent(request: ApiRequest, target: Writable): Promise<void> {
  if (request.isMultipart()) return receiveForm(request, target);
  if (request.body === undefined) return pour(request.raw, target); // an empty one
  return pour(request.body as Readable, target);
}

async function receiveForm(request: ApiRequest, target: Writable): Promise<void> {
  let found = false;
  try {
    for await (const part of request.parts()) {
      if (part.type !== "file") continue;
      if (part.fieldname === "file") {
        found = true;
        await pour(part.file, target);
      } else {
        part.file.resume();
      }
    }
  } catch (error) {
    // What is neither ours nor the disk's is the parser's.
    if (isYardError(error) || !(error instanceof Error) || "syscall" in error) throw error;
    throw new YardError("invalid", `the form cannot be read: ${error.message}`, { cause: error });
  }
  if (!found) throw new YardError("invalid", 'the form has no part "file"', { field: "file" });
}

/** As `pipeline`, but on a failure the source lives on: the client is still to be told. */
function pour(source: Readable, target: Writable): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = (error: Error): void => {
      source.unpipe(target);
      reject(error);
    };
    const closed = (): void => {
      if (!source.readableEnded) leave(faultOf(source));
    };
    if (source.closed) return closed(); // a form may have ended too early before its part is looked at
    source.once("close", closed);
    target.once("error", leave).once("finish", resolve);
    source.pipe(target);
  });
}

function faultOf({ errored }: Readable): Error {
  if (errored && errnoOf(errored) !== "ECONNRESET") return errored;
  return new YardError("interrupted", "the client left before its file was complete");
}
