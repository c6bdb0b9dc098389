/** What changes one file, an artifact or an attachment, with its entry in the audit log. */
import type { Trail } from "../../identity/trail.ts";
import type { ApiRequest } from "../../platform/http/api.ts";
import { absoluteUrl } from "../../platform/http/origin.ts";
import type { RemovalOptions } from "../../tasks/storage/removal.ts";
import type { StoredFiles } from "../../tasks/storage/stored-files.ts";
import type { TeamRef } from "../../tasks/task.ts";
import { principalOf } from "./callers.ts";
import type { ArtifactRef, AttachmentRef } from "./file-words.ts";

type Ref = ArtifactRef | AttachmentRef;

export interface FileChanges {
  /** @param upload.team whose quota it counts in
   *  @returns the reply: where the file is to be uploaded to, and whether there is one already */
  upload(
    request: ApiRequest,
    upload: { readonly team: TeamRef; readonly file: Ref; readonly bytes: number },
  ): Promise<{ url: string; exist: boolean }>;
  /** @throws {YardError} not_found, or invalid for one that is too young */
  remove(request: ApiRequest, file: Ref, options?: RemovalOptions): Promise<void>;
}

export function createFileChanges(files: StoredFiles, trail: Trail): FileChanges {
  return {
    async upload(request, upload) {
      const { file, bytes } = upload;
      const what = { action: `${file.kind}.upload`, target: targetOf(file), details: { bytes } };
      const { url, existed } = await trail.change(request, principalOf(request), what, () => files.begin(upload));
      return { url: absoluteUrl(request, url), exist: existed };
    },
    async remove(request, file, options) {
      const what = { action: `${file.kind}.delete`, target: targetOf(file) };
      await trail.change(request, principalOf(request), what, () => files.remove(file, options));
    },
  };
}

function targetOf(file: Ref): string {
  return file.kind === "artifact" ? `${file.taskUuid}/${file.artifact}` : `${file.team.name}/${file.key}`;
}
