/** The beginning of an upload: room in the quota first, then the URL. */
import { isYardError, YardError } from "../../platform/errors.ts";
import { deleteNow } from "./doomed-blobs.ts";
import { checkAttachmentKey } from "./stored-file.ts";
import type { NewUpload, StorageParts } from "./stored-files.ts";
import { settleCrowded, settleTeam } from "./upkeep.ts";
import { mostUploads, reserve, uploadMs } from "./uploads.ts";

export async function beginUpload(
  parts: StorageParts,
  upload: NewUpload,
): Promise<{ readonly url: string; readonly existed: boolean }> {
  const { file, bytes } = upload;
  if (file.kind === "attachment") checkAttachmentKey(file.team, file.key);
  if (!Number.isSafeInteger(bytes) || bytes < 0)
    throw new YardError("invalid", "The length of an upload must be a whole number of bytes.", { field: "bytes" });
  await settleCrowded(parts, file, mostUploads);
  const { blobKey, existed, doomed } = await reserveRoom(parts, upload);
  await deleteNow(parts, doomed);
  const url = await parts.urls.presign({ method: "PUT", key: blobKey, expiresInMs: uploadMs, contentLength: bytes });
  return { url, existed };
}

/** What does not fit may fit once uploads that have expired let go of their room, and those that came out smaller than the file was before. */
async function reserveRoom(parts: StorageParts, upload: NewUpload) {
  try {
    return await reserve(parts, upload);
  } catch (error) {
    if (!isYardError(error, "forbidden") || !(await settleTeam(parts, upload.team.id))) throw error;
    return await reserve(parts, upload);
  }
}
