/** Changes of quotas as Mitosis writes them: an amount, alone or with `=` in front to set it, with `+` or `-` to change what there is. */
import type { QuotaChange } from "../../identity/identity.ts";
import { YardError } from "../../platform/errors.ts";

const units: readonly string[] = ["", "K", "M", "G", "T", "P", "E"];
const size = /^([+=-]?)\s*([\d_ ]*\.?[\d_ ]*(?:e[+-]?\d+)?)\s*(?:([kmgtpe])(i)?)?b?$/i;
const count = /^([+=-]?)\s*(\d{1,10})$/;
const longestText = 64;

/** Bytes: `+1.5 GiB`, `=2GB`, `500 MB`, `1_000`. K is 1000, Ki is 1024; parts of a byte are rounded. @throws {YardError} invalid */
export function storageChangeFromWire(text: string, field: string): QuotaChange {
  const [, sign, digits = "", unit = "", binary] = (text.length <= longestText && size.exec(text.trim())) || [];
  const number = /\d/.test(digits) ? Number(digits.replaceAll(/[_ ]/g, "")) : Number.NaN;
  const factor = (binary ? 1_024 : 1_000) ** units.indexOf(unit.toUpperCase());
  const amount = Math.round(number * factor);
  if (!Number.isSafeInteger(amount))
    throw new YardError("invalid", "is no size: write it as 2GB, 500 MiB, +1.5GB or -100MB", { field });
  return changeOf(sign, amount);
}

/** A whole number: `+5`, `-3`, `=10`, `10`. @throws {YardError} invalid */
export function countChangeFromWire(text: string, field: string): QuotaChange {
  const [, sign, digits] = count.exec(text.trim()) ?? [];
  const amount = Number(digits);
  if (digits === undefined || amount > largestCount)
    throw new YardError("invalid", "is no number: write it as 10, =10, +5 or -3", { field });
  return changeOf(sign, amount);
}

/** 32 bits, signed. */
const largestCount = 2_147_483_647;

function changeOf(sign: string | undefined, amount: number): QuotaChange {
  if (sign === "+") return { kind: "add", amount };
  return sign === "-" ? { kind: "add", amount: -amount } : { kind: "set", amount };
}
