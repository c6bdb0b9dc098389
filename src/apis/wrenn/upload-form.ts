/** The form that a file comes in: a part `path`, which says where it goes, and a part `file`, which is read as it comes. */
import type { Readable } from "node:stream";
import { isYardError, YardError } from "../../platform/errors.ts";
import type { ApiRequest } from "../../platform/http/api.ts";
import { discardBody } from "../../platform/http/bodies.ts";
import { pathFromWire } from "./file-words.ts";

type Take = (content: Readable, path: string | undefined) => Promise<void>;

/** Longer than any path. */
const fieldSize = 16 * 1024;

/** Whatever a client says of its parts: the one is a file, the others are texts. */
export const formOptions = {
  limits: { files: 1, fields: 8, parts: 9, fieldNameSize: 100, fieldSize, fileSize: Infinity },
  isPartAFile: (name: string | undefined) => name === "file",
};

/** Gives `take` the file when its part begins, with the path, if that came before it; and resolves to the path when the form is complete.
 *  @throws {YardError} invalid (no such form, a part is missing), interrupted; what `take` throws */
export async function readForm(request: ApiRequest, take: Take): Promise<string> {
  if (!request.isMultipart()) {
    discardBody(request);
    throw new YardError("invalid", "must be multipart/form-data, with a path and a file", { field: "Content-Type" });
  }
  try {
    return await readParts(request, take);
  } catch (error) {
    discardBody(request);
    if (isYardError(error)) throw error;
    if (!request.raw.complete && request.raw.destroyed)
      throw new YardError("interrupted", "The client left before its file was complete.", { cause: error });
    if (!(error instanceof Error) || "syscall" in error) throw error;
    throw new YardError("invalid", `The form cannot be read: ${error.message}.`, { cause: error }); // the parser's
  }
}

async function readParts(request: ApiRequest, take: Take): Promise<string> {
  let path: string | undefined;
  let hasFile = false;
  for await (const part of request.parts()) {
    if (part.type === "file") {
      hasFile = true;
      await take(part.file, path);
    } else if (part.fieldname === "path" && path === undefined) {
      if (typeof part.value !== "string" || part.valueTruncated) throw missing("path");
      path = pathFromWire(part.value);
    }
  }
  if (path === undefined) throw missing("path");
  if (!hasFile) throw missing("file");
  return path;
}

function missing(part: "path" | "file"): YardError {
  return new YardError("invalid", `the form has no part "${part}"`, { field: part });
}
