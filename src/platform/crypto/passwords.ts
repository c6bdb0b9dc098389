/** Password hashing: argon2id (RFC 9106) in PHC string form, `$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>`.
 *  The work runs on libuv's threads, never on the event loop; how much of it at once is `login-gate.ts`'s concern. */
import { type Argon2Parameters, argon2, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";

export interface HashCosts {
  readonly memoryKiB: number;
  readonly passes: number;
  readonly parallelism: number;
}

/** OWASP's first recommendation for argon2id (Password Storage Cheat Sheet): 19 MiB, two passes, one lane. */
export const recommendedCosts: HashCosts = { memoryKiB: 19_456, passes: 2, parallelism: 1 };

export interface PasswordHasher {
  /** @returns a PHC string with a new salt */
  hash(password: string): Promise<string>;
  /** Without a stored hash (unknown user, no password set) it does the same work and answers false, so that time tells nothing. */
  verify(password: string, stored: string | null): Promise<boolean>;
  /** Whether `stored` was made with other costs than today's and should be made anew at the next login. */
  isOutdated(stored: string): boolean;
}

const saltBytes = 16;
const hashBytes = 32;
const phcPattern =
  /^\$argon2id\$v=19\$m=(\d{1,8}),t=(\d{1,3}),p=(\d{1,3})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/;
const derive = promisify((parameters: Argon2Parameters, done: (error: Error | null, key: Buffer) => void) =>
  argon2("argon2id", parameters, done),
);

export function createPasswordHasher(costs: HashCosts = recommendedCosts): PasswordHasher {
  const unknownUser = { costs, salt: randomBytes(saltBytes), expected: randomBytes(hashBytes) };
  return {
    async hash(password) {
      const salt = randomBytes(saltBytes);
      return format(costs, salt, await deriveKey(password, salt, costs, hashBytes));
    },

    async verify(password, stored) {
      const parsed = stored === null ? undefined : parse(stored);
      const { costs: storedCosts, salt, expected } = parsed ?? unknownUser;
      const actual = await deriveKey(password, salt, storedCosts, expected.length);
      return timingSafeEqual(actual, expected) && parsed !== undefined;
    },

    isOutdated(stored) {
      const found = parse(stored)?.costs;
      return (
        found?.memoryKiB !== costs.memoryKiB || found.passes !== costs.passes || found.parallelism !== costs.parallelism
      );
    },
  };
}

function deriveKey(password: string, nonce: Buffer, costs: HashCosts, tagLength: number): Promise<Buffer> {
  const { memoryKiB: memory, passes, parallelism } = costs;
  return derive({ message: password.normalize("NFC"), nonce, memory, passes, parallelism, tagLength });
}

function format(costs: HashCosts, salt: Buffer, hash: Buffer): string {
  return `$argon2id$v=19$m=${costs.memoryKiB},t=${costs.passes},p=${costs.parallelism}$${unpadded(salt)}$${unpadded(hash)}`;
}

function parse(phc: string): { costs: HashCosts; salt: Buffer; expected: Buffer } | undefined {
  const [, memory, passes, parallelism, salt, hash] = phcPattern.exec(phc) ?? [];
  if (salt === undefined || hash === undefined) return undefined;
  return {
    costs: { memoryKiB: Number(memory), passes: Number(passes), parallelism: Number(parallelism) },
    salt: Buffer.from(salt, "base64"),
    expected: Buffer.from(hash, "base64"),
  };
}

function unpadded(bytes: Buffer): string {
  return bytes.toString("base64").replace(/=+$/, "");
}
