import { createHash, hkdfSync, randomBytes } from "node:crypto";

/** A new secret of 256 random bits, as 43 characters that are safe in URLs, headers and files. */
export function newSecret(): string {
  return randomBytes(32).toString("base64url");
}

/** Hex SHA-256: how secrets of full entropy (keys, refresh tokens) are stored. Passwords need `passwords.ts` instead. */
export function sha256Hex(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** A 32-byte key for one `purpose`, so that no two uses of the master key share a key (HKDF, RFC 5869). */
export function deriveKey(masterKey: Uint8Array, purpose: string): Buffer {
  return Buffer.from(hkdfSync("sha256", masterKey, new Uint8Array(0), `runyard ${purpose}`, 32));
}
