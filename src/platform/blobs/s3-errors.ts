/** What a store of S3 refuses, in words that its operator can act on. */
import { S3ServiceException } from "@aws-sdk/client-s3";
import { YardError } from "../errors.ts";

/** A fault of the set-up: trying again changes nothing. By S3's own codes. */
const noBucket = "there is no such bucket. Create it, or set s3-bucket";
const setupFaults: Readonly<Record<string, string>> = {
  NoSuchBucket: noBucket,
  NotFound: noBucket, // of an object this is told before
  AccessDenied: "the keys do not allow this. Grant them reading, writing, deleting and listing",
  Forbidden: "the keys do not allow this. Check s3-access-key, s3-secret-key and what they are granted",
  InvalidAccessKeyId: "it does not know the access key. Check s3-access-key",
  SignatureDoesNotMatch: "the secret key is wrong. Check s3-secret-key",
  RequestTimeTooSkewed: "its clock and ours differ too much. Set both by NTP",
  AuthorizationHeaderMalformed: "the region is wrong. Check s3-region",
  PermanentRedirect: "the bucket is in another region. Check s3-endpoint and s3-region",
};
const fullCodes = new Set(["InsufficientStorage", "XMinioStorageFull", "QuotaExceeded", "NoSpaceLeftOnDevice"]);
const retryAfterMs = 2_000;

/** @param what failed, as the beginning of a sentence
 *  @param place the bucket, for messages */
export function s3Error(error: unknown, what: string, place: string): unknown {
  if (error instanceof YardError) return error;
  if (error instanceof S3ServiceException) {
    const status = error.$metadata.httpStatusCode ?? 0;
    if (fullCodes.has(error.name) || status === 507)
      return new YardError("storage_full", `${what}: the store ${place} is full.`, { cause: error });
    if (error.name === "EntityTooLarge")
      return new YardError("too_large", `${what}: ${place} takes no content so large.`);
    const fault = setupFaults[error.name] ?? (status === 403 ? setupFaults.Forbidden : undefined);
    if (fault !== undefined) return new YardError("unavailable", `${what}: in ${place}, ${fault}.`, { cause: error });
    return new YardError("unavailable", `${what}: the store ${place} answered ${error.name} (${status}). Try again.`, {
      ...{ cause: error, retryAfterMs },
    });
  }
  if (isOfConnection(error))
    return new YardError("unavailable", `${what}: the store ${place} cannot be reached. Try again.`, {
      ...{ cause: error, retryAfterMs },
    });
  return error;
}

export function isMissing(error: unknown): boolean {
  return error instanceof S3ServiceException && (error.name === "NotFound" || error.name === "NoSuchKey");
}

/** It was replaced since we looked. */
export function isReplaced(error: unknown): boolean {
  return error instanceof S3ServiceException && error.$metadata.httpStatusCode === 412;
}

/** The SDK hands on what Node says of a socket, and what it makes of it. */
function isOfConnection(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = "code" in error ? String(error.code) : "";
  return /^(?:E[A-Z]{3,}|UND_ERR|ERR_TLS|CERT_)/.test(code) || error.name === "TimeoutError";
}
