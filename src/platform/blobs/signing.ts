/** Signed URLs: whoever holds one may do this one thing with this one blob, until it expires. */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { Clock } from "../clock.ts";
import { YardError } from "../errors.ts";

export interface BlobGrant {
  /** GET is good for HEAD, too. */
  readonly method: "GET" | "PUT";
  readonly key: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  /** Of a PUT: the body must have exactly this many bytes. */
  readonly contentLength?: number;
  /** Of a GET: what a browser saves it as. */
  readonly fileName?: string;
}

export interface BlobRequest {
  readonly method: string;
  readonly key: string;
  readonly query: URLSearchParams;
  readonly contentLength?: number;
}

export interface UrlSigner {
  /** The query string to add to the blob's URL, without `?`.
   *  @throws {YardError} invalid, when it would be good for longer than `maxLifetimeMs` */
  sign(grant: BlobGrant): string;
  /** @throws {YardError} forbidden, whatever is wrong with it */
  verify(request: BlobRequest): void;
}

/** @param secret 32 random bytes or more, which all replicas share
 *  @param maxLifetimeMs default: 15 minutes */
export function createUrlSigner({
  secret,
  clock,
  maxLifetimeMs = 15 * 60_000,
}: {
  secret: Uint8Array;
  clock: Clock;
  maxLifetimeMs?: number;
}): UrlSigner {
  /** Fields in JSON, so that no two grants share one text; the first names the purpose, so that this signature is good for nothing else. */
  const signatureOf = (method: string, key: string, expires: string, length: string | null, name: string | null) =>
    createHmac("sha256", secret)
      .update(JSON.stringify(["runyard blob url v1", method, key, expires, length, name]))
      .digest();

  return {
    sign({ method, key, expiresAt, contentLength, fileName }) {
      if (!Number.isSafeInteger(expiresAt) || expiresAt > clock.now() + maxLifetimeMs) {
        throw new YardError("invalid", `A signed URL is good for ${maxLifetimeMs / 60_000} minutes at most.`, {
          field: "expiresInMs",
        });
      }
      const length = contentLength === undefined ? null : String(contentLength);
      const query = new URLSearchParams({ expires: String(expiresAt) });
      if (length !== null) query.set("length", length);
      if (fileName !== undefined) query.set("name", fileName.toWellFormed());
      const signature = signatureOf(method, key, String(expiresAt), length, query.get("name"));
      query.set("signature", signature.toString("base64url"));
      return query.toString();
    },

    verify({ method, key, query, contentLength }) {
      const expires = query.get("expires") ?? "";
      const length = query.get("length");
      const given = Buffer.from(query.get("signature") ?? "", "base64url");
      const granted = method === "HEAD" ? "GET" : method;
      const expected = signatureOf(granted, key, expires, length, query.get("name"));
      const isGenuine = given.length === expected.length && timingSafeEqual(given, expected);
      const isInTime = clock.now() < Number(expires);
      const isOfLength = length === null || length === String(contentLength);
      if (isGenuine && isInTime && isOfLength) return;
      throw new YardError(
        "forbidden",
        "This signed URL is not good for this request, or has expired. Ask for a new one.",
      );
    },
  };
}
