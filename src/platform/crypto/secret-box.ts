/** Secrets that must be read again (TOTP seeds, secret settings) rest encrypted: AES-256-GCM under a key that is not in the database. */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { YardError } from "../errors.ts";

export interface SecretBox {
  /** @param place which row and column the text belongs to (`users.totp_secret:user_…`): it opens nowhere else, so a value that someone
   *  copies between rows of the database fails instead of granting access. */
  seal(text: string, place: string): string;
  /** @throws {YardError} internal, when the text was changed, moved, or sealed with another key */
  open(sealed: string, place: string): string;
}

const version = "v1";
const nonceBytes = 12; // the size that GCM is specified for; 2^32 random ones per key stay far from a collision
const tagBytes = 16;

/** @param key 32 bytes */
export function createSecretBox(key: Uint8Array): SecretBox {
  return {
    seal(text, place) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv("aes-256-gcm", key, nonce, { authTagLength: tagBytes });
      cipher.setAAD(Buffer.from(place));
      const sealed = Buffer.concat([nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
      return `${version}.${sealed.toString("base64url")}`;
    },

    open(sealed, place) {
      try {
        if (!sealed.startsWith(`${version}.`)) throw new Error("unknown version");
        const bytes = Buffer.from(sealed.slice(version.length + 1), "base64url");
        const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, nonceBytes), {
          authTagLength: tagBytes,
        });
        decipher.setAAD(Buffer.from(place));
        decipher.setAuthTag(bytes.subarray(-tagBytes));
        return decipher.update(bytes.subarray(nonceBytes, -tagBytes), undefined, "utf8") + decipher.final("utf8");
      } catch (cause) {
        const advice =
          "It was changed, or the key file is not the one it was sealed with: restore both from the same backup.";
        throw new YardError("internal", `The secret at ${place} cannot be opened. ${advice}`, { cause });
      }
    },
  };
}
