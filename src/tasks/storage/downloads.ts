/** URLs to download files by. */
import { isYardError } from "../../platform/errors.ts";
import { requireFile } from "./file-lists.ts";
import { type FileRef, fileNameOf } from "./stored-file.ts";
import type { StorageParts } from "./stored-files.ts";
import { settleFile } from "./upkeep.ts";

export interface Download {
  readonly url: string;
  /** The largest that was announced for the file, in bytes. */
  readonly size: number;
}

export interface Downloads {
  /** Good for as long as the file takes at a million bytes a second, an hour at least and a day at most. While no content has arrived, whoever
   *  uses the URL is told by the store that there is none.
   *  @throws {YardError} not_found */
  download(file: FileRef): Promise<Download>;
  /** In the order given, good for a day; those that there are not are left out. */
  downloadAll<Ref extends FileRef>(files: readonly Ref[]): Promise<readonly (Download & { readonly file: Ref })[]>;
}

const [shortestMs, longestMs] = [3_600_000, 86_400_000];
const bytesPerMs = 1_000;

export function createDownloads(parts: StorageParts): Downloads {
  async function download(file: FileRef, lifetimeMs?: number): Promise<Download> {
    const { id } = await requireFile(parts, file);
    await settleFile(parts, id);
    const { blob_key: key, size } = await requireFile(parts, file);
    const expiresInMs = lifetimeMs ?? Math.min(Math.max(Math.ceil(size / bytesPerMs), shortestMs), longestMs);
    return { url: await parts.urls.presign({ method: "GET", key, expiresInMs, fileName: fileNameOf(file) }), size };
  }

  return {
    download: (file) => download(file),
    async downloadAll(files) {
      const found = [];
      for (const file of files) {
        try {
          found.push({ file, ...(await download(file, longestMs)) });
        } catch (error) {
          if (!isYardError(error, "not_found")) throw error;
        }
      }
      return found;
    },
  };
}
