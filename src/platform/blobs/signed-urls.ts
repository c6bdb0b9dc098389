/** Presigned URLs of blobs that the yard serves itself: paths below its own server, with our signature in the query. */
import type { Clock } from "../clock.ts";
import { YardError } from "../errors.ts";
import { type BlobUrls, checkBlobKey } from "./blob-store.ts";
import { decodeKey, encodeKey } from "./key-names.ts";
import type { UrlSigner } from "./signing.ts";

/** Where they are served. */
export const blobPath = "/yard/v1/blobs/";

/** @param origin where clients reach the yard, if that is one place for all: then URLs are absolute */
export function createSignedUrls({
  signer,
  clock,
  origin = "",
}: {
  signer: UrlSigner;
  clock: Clock;
  origin?: string;
}): BlobUrls {
  return {
    async presign({ expiresInMs, ...grant }) {
      checkBlobKey(grant.key);
      const query = signer.sign({ ...grant, expiresAt: clock.now() + expiresInMs });
      return `${origin}${encodeURI(blobPath + encodeKey(grant.key))}?${query}`;
    },
  };
}

/** The key that a path below `blobPath` names. @throws {YardError} not_found */
export function keyOfPath(below: string): string {
  const key = decodeKey(below);
  if (key === undefined || key === "") throw new YardError("not_found", "There is no such blob.");
  return key;
}
