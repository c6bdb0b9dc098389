import { randomBytes } from "node:crypto";

const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"; // Crockford's base 32, lower case: no letter to mistake for a digit

/** A new id: a prefix that says what it names and 26 characters (10 of time, 16 random), so ids of one kind sort by age. */
export function newId(prefix: string, nowMs: number = Date.now()): string {
  let time = "";
  for (let rest = nowMs, i = 0; i < 10; i++, rest = Math.floor(rest / 32)) time = alphabet[rest % 32] + time;
  return `${prefix}_${time}${randomText(16)}`;
}

/** Random text of `length` characters, 5 bits each, fit for ids; secrets use `newSecret` of platform/crypto. */
export function randomText(length: number): string {
  let text = "";
  for (let i = 0; i < length; i++) text += alphabet[nextByte() & 31];
  return text;
}

/** Asked for one by one, random bytes cost 30 µs a call; from a pool next to nothing. No byte is used twice. */
const pool = { bytes: Buffer.alloc(0), used: 0 };

function nextByte(): number {
  if (pool.used === pool.bytes.length) {
    pool.bytes = randomBytes(2_048);
    pool.used = 0;
  }
  return pool.bytes[pool.used++]!;
}
