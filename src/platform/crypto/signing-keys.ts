/** The Ed25519 key pair that signs this yard's tokens, made on the first start. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { calculateJwkThumbprint } from "jose";
import { YardError } from "../errors.ts";
import { ensureKeyFile } from "./key-files.ts";

export interface SigningKeys {
  /** Names the key in a token's header: its thumbprint (RFC 7638). */
  readonly keyId: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

const fileName = "token-signing.pem";

/** @throws {YardError} precondition, when the file is open to others or holds no Ed25519 key */
export async function openSigningKeys(directory: string): Promise<SigningKeys> {
  const pem = await ensureKeyFile(directory, fileName, newPrivateKeyPem);
  const privateKey = parsePrivateKey(pem, directory);
  const publicKey = createPublicKey(privateKey);
  return { keyId: await calculateJwkThumbprint(publicKey), privateKey, publicKey };
}

function newPrivateKeyPem(): string {
  return generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

function parsePrivateKey(pem: string, directory: string): KeyObject {
  const advice = "Restore it from a backup, or remove it to start with a new key (everyone must then log in again).";
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === "ed25519") return key;
  } catch (cause) {
    throw new YardError("precondition", `${fileName} in ${directory} is not a private key. ${advice}`, { cause });
  }
  throw new YardError("precondition", `${fileName} in ${directory} is not an Ed25519 key. ${advice}`);
}
