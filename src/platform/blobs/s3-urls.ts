/** URLs for a yard whose blobs are in S3: straight to S3, except for uploads that it does not take in one request. Those go to the yard, which passes them on in
 *  parts. */
import type { BlobUrls } from "./blob-store.ts";

/** S3's own limit of a PUT. */
export const mostPutBytes = 5 * 1024 ** 3;

/** @param own of the yard itself */
export function createS3Urls(s3: BlobUrls, own: BlobUrls): BlobUrls {
  return {
    async presign(request) {
      const isTooLarge = request.method === "PUT" && request.contentLength > mostPutBytes;
      return await (isTooLarge ? own : s3).presign(request);
    },
  };
}
