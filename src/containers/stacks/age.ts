/** Sealing with age, by one key. Apart, since it brings a megabyte of curves and ciphers, which a yard without stacks' variables never needs. */
import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from "age-encryption";

export interface Sealer {
  seal(text: string): Promise<Uint8Array>;
  /** @throws, if it was changed, or sealed with another key */
  open(bytes: Uint8Array): Promise<string>;
}

export { generateX25519Identity as makeIdentity };

/** @throws, if the identity is none */
export async function createSealer(identity: string): Promise<Sealer> {
  const recipient = await identityToRecipient(identity);
  return {
    seal(text) {
      const encrypter = new Encrypter();
      encrypter.addRecipient(recipient);
      return encrypter.encrypt(text);
    },
    open(bytes) {
      const decrypter = new Decrypter();
      decrypter.addIdentity(identity);
      return decrypter.decrypt(bytes, "text");
    },
  };
}
