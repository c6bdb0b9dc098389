/** The policy for accounts in Dockmesh's words: minutes, and names of its own. */
import { Type } from "typebox";
import { type AccountPolicy, minLengthRange, type PolicyChanges } from "../../identity/account-policy.ts";

const minuteMs = 60_000;
const count = { minimum: 0, maximum: 36_500 };

export const PasswordPolicy = Type.Partial(
  Type.Object({
    min_length: Type.Integer({ minimum: minLengthRange.min, maximum: minLengthRange.max }),
    require_upper: Type.Boolean(),
    require_lower: Type.Boolean(),
    require_digit: Type.Boolean(),
    require_symbol: Type.Boolean(),
    rotation_days: Type.Integer({ ...count, description: "After which time to change a password; 0: never" }),
    lockout_max_attempts: Type.Integer({ ...count, description: "Wrong passwords until the lock; 0: there is none" }),
    lockout_duration_minutes: Type.Integer({ ...count, description: "0: there is none" }),
  }),
);
export type WirePolicy = Type.Static<typeof PasswordPolicy>;

export function policyToWire({ passwords, rotationDays, lockout }: AccountPolicy): Required<WirePolicy> {
  return {
    min_length: passwords.minLength,
    require_upper: passwords.requireUpper,
    require_lower: passwords.requireLower,
    require_digit: passwords.requireDigit,
    require_symbol: passwords.requireSymbol,
    rotation_days: rotationDays,
    lockout_max_attempts: lockout.tries,
    lockout_duration_minutes: Math.ceil(lockout.lockMs / minuteMs),
  };
}

export function policyFromWire(wire: WirePolicy): PolicyChanges {
  const { lockout_duration_minutes: minutes } = wire;
  return {
    passwords: given({
      minLength: wire.min_length,
      requireUpper: wire.require_upper,
      requireLower: wire.require_lower,
      requireDigit: wire.require_digit,
      requireSymbol: wire.require_symbol,
    }),
    rotationDays: wire.rotation_days,
    lockout: given({
      tries: wire.lockout_max_attempts,
      lockMs: minutes === undefined ? undefined : minutes * minuteMs,
    }),
  };
}

/** Without what is undefined. */
function given<T extends object>(fields: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Name in keyof T]?: Exclude<T[Name], undefined>;
  };
}
