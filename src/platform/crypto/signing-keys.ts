/** The Ed25519 key pair that signs this yard's tokens, made on the first start. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import path from "node:path";
import { calculateJwkThumbprint } from "jose";
import { YardError } from "../errors.ts";
import { ensureKeyFile, readKeyFile } from "./key-files.ts";

export interface SigningKeys {
  /** Names the key in a token's header: its thumbprint (RFC 7638). */
  readonly keyId: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

const fileName = "token-signing.pem";

/** @throws {YardError} precondition, when the file is open to others or holds no Ed25519 key */
export async function openSigningKeys(directory: string): Promise<SigningKeys> {
  const pem = await ensureKeyFile(directory, fileName, newSigningKey);
  return signingKeysFrom(pem, `${fileName} in ${directory}`);
}

/** The file's content, where a yard has made one before. @throws {YardError} precondition, when the file is open to others */
export async function readSigningKey(directory: string): Promise<string | undefined> {
  return readKeyFile(path.join(directory, fileName));
}

/** A private key as PEM. */
export function newSigningKey(): string {
  return generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

/** @param place names the key in errors @throws {YardError} precondition, when it is no Ed25519 key */
export async function signingKeysFrom(pem: string, place: string): Promise<SigningKeys> {
  const privateKey = parsePrivateKey(pem, place);
  const publicKey = createPublicKey(privateKey);
  return { keyId: await calculateJwkThumbprint(publicKey), privateKey, publicKey };
}

function parsePrivateKey(pem: string, place: string): KeyObject {
  const advice = "Restore it from a backup, or remove it to start with a new key (everyone must then log in again).";
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === "ed25519") return key;
  } catch (cause) {
    throw new YardError("precondition", `${place} is not a private key. ${advice}`, { cause });
  }
  throw new YardError("precondition", `${place} is not an Ed25519 key. ${advice}`);
}
