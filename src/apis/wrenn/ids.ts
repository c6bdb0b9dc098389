/** Ids in both tongues. Ours are a prefix and 26 digits of base 32 that hold 128 bits, Wrenn's a prefix and 25 digits of base 36 that hold as many: so
 *  each is a spelling of the other, and nothing is stored. */
import { YardError } from "../../platform/errors.ts";

const prefixes = {
  capsule: { yard: "capsule_", wire: "cl-" },
  user: { yard: "user_", wire: "usr-" },
  team: { yard: "team_", wire: "team-" },
  key: { yard: "key_", wire: "key-" },
  host: { yard: "host_", wire: "host-" },
  channel: { yard: "channel_", wire: "ch-" },
} as const;
export type IdKind = keyof typeof prefixes;

const yardForm = /^[0-7][0-9a-hjkmnp-tv-z]{25}$/;
const wireForm = /^[0-9a-z]{25}$/;
/** Crockford's base 32, as platform/ids.ts writes it. */
const yardDigits = "0123456789abcdefghjkmnpqrstvwxyz";
const wireDigits = "0123456789abcdefghijklmnopqrstuvwxyz";
const yardLength = 26;
const wireLength = 25;
const end = 1n << 128n;

export function idToWire(kind: IdKind, id: string): string {
  const { yard, wire } = prefixes[kind];
  const digits = id.slice(yard.length);
  if (!id.startsWith(yard) || !yardForm.test(digits)) throw new Error(`${id} is no id of a ${kind}`);
  return wire + write(read(digits, yardDigits), wireDigits, wireLength);
}

/** @param field for the error @throws {YardError} invalid, for what no entity of that kind could be called */
export function idFromWire(kind: IdKind, text: string, field = "id"): string {
  const { yard, wire } = prefixes[kind];
  const digits = text.slice(wire.length);
  const value = text.startsWith(wire) && wireForm.test(digits) ? read(digits, wireDigits) : end;
  if (value < end) return yard + write(value, yardDigits, yardLength);
  const shown = JSON.stringify(text.slice(0, 80));
  throw new YardError("invalid", `${shown} is no id of a ${kind}: those are ${wire} and 25 digits or small letters.`, {
    field,
  });
}

const inText = new RegExp(`\\b(${Object.keys(prefixes).join("|")})_[0-7][0-9a-hjkmnp-tv-z]{25}\\b`, "g");

/** A text for people, as domains write it, with all ids in it as Wrenn's clients know them. */
export function textToWire(text: string): string {
  return text.replace(inText, (id, kind: IdKind) => idToWire(kind, id));
}

function read(text: string, digits: string): bigint {
  const base = BigInt(digits.length);
  let value = 0n;
  for (const digit of text) value = value * base + BigInt(digits.indexOf(digit));
  return value;
}

function write(value: bigint, digits: string, length: number): string {
  const base = BigInt(digits.length);
  let text = "";
  for (let rest = value; text.length < length; rest /= base) text = digits[Number(rest % base)] + text;
  return text;
}
