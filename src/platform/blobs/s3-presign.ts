/** URLs of the store itself: what moves by them does not pass through us. */
import { GetObjectCommand, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { contentDisposition } from "../content-disposition.ts";
import { YardError } from "../errors.ts";
import type { PresignRequest } from "./blob-store.ts";
import { objectNameOf } from "./key-names.ts";

/** S3's own limit. */
const longestLifetimeMs = 7 * 86_400_000;

export async function presignS3(client: S3Client, Bucket: string, request: PresignRequest): Promise<string> {
  const { name: Key, isCut } = objectNameOf(request.key);
  if (isCut && request.method === "PUT")
    throw new YardError("invalid", "This key is too long for an upload straight to the store.", { field: "key" });
  if (!(request.expiresInMs >= 1_000 && request.expiresInMs <= longestLifetimeMs))
    throw new YardError("invalid", "A presigned URL is good for one second to 7 days.", { field: "expiresInMs" });
  const expiresIn = Math.floor(request.expiresInMs / 1_000);
  if (request.method === "GET") {
    const { fileName } = request;
    const ResponseContentDisposition = fileName === undefined ? undefined : contentDisposition(fileName);
    return await getSignedUrl(client, new GetObjectCommand({ Bucket, Key, ResponseContentDisposition }), { expiresIn });
  }
  // The length is a header that is signed: the store refuses a body of another one.
  const put = new PutObjectCommand({ Bucket, Key, ContentLength: request.contentLength });
  return await getSignedUrl(client, put, { expiresIn, signableHeaders: new Set(["host", "content-length"]) });
}
