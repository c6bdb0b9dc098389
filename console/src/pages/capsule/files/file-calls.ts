/** What can be done with the files of a capsule. */
import { type CallOptions, call, request } from "../../../api/call.ts";
import type { Reply } from "../../../api/operations.ts";

export type Entry = Reply<"POST /v1/capsules/{id}/files/list">["entries"][number];

export interface FileCalls {
  list(path: string, signal: AbortSignal): Promise<readonly Entry[]>;
  /** All of its bytes; the browser keeps large ones on disk. */
  read(path: string): Promise<Blob>;
  /** In place of what was there. */
  write(path: string, content: Blob): Promise<void>;
  makeDirectory(path: string): Promise<void>;
  /** With all that is in it. */
  remove(path: string): Promise<void>;
}

/** However large a file is and however slow the line: what does not move is cut by the yard. */
const longestMs = 12 * 3_600_000;

/** @param options of each call */
export function fileCalls(id: string, options: CallOptions): FileCalls {
  const path = { id };
  return {
    async list(directory, signal) {
      const body = { path: directory };
      const { entries } = await call("POST /v1/capsules/{id}/files/list", { path, body }, { ...options, signal });
      return entries;
    },
    async read(file) {
      const response = await request(
        "POST /v1/capsules/{id}/files/stream/read",
        { path, body: { path: file } },
        options,
      );
      return response.blob();
    },
    async write(file, content) {
      const body = { path: file, file: content };
      await call("POST /v1/capsules/{id}/files/stream/write", { path, body }, { ...options, timeoutMs: longestMs });
    },
    async makeDirectory(directory) {
      await call("POST /v1/capsules/{id}/files/mkdir", { path, body: { path: directory } }, options);
    },
    async remove(gone) {
      await call("POST /v1/capsules/{id}/files/remove", { path, body: { path: gone } }, options);
    },
  };
}
