/** Content in parts that was never finished, because whoever sent it was killed: it is paid for, and no listing shows it. */
import { AbortMultipartUploadCommand, ListMultipartUploadsCommand, type S3Client } from "@aws-sdk/client-s3";
import { every } from "../timers.ts";

/** Nobody sends for so long. */
const abandonedAfterMs = 24 * 3_600_000;
const lookEveryMs = 3_600_000;
const mostAtOnce = 1_000;

/** Now and then, in the background. A pass that fails is tried again with the next. */
export function clearAbandonedUploads(parts: { client: S3Client; Bucket: string }): AsyncDisposable {
  return every(lookEveryMs, async () => {
    await abortAbandoned(parts, Date.now() - abandonedAfterMs).catch(() => {});
  });
}

/** @param before milliseconds since 1970 */
export async function abortAbandoned(
  { client, Bucket }: { client: S3Client; Bucket: string },
  before: number,
): Promise<number> {
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket, MaxUploads: mostAtOnce }));
  const abandoned = Uploads.filter(({ Initiated }) => Initiated !== undefined && Initiated.getTime() < before);
  for (const { Key, UploadId } of abandoned)
    await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
  return abandoned.length;
}
