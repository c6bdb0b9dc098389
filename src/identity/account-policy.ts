/** The rules for everybody's accounts, which administrators change while the yard runs. They hold at every API.
 *
 *  Only what somebody has set is stored. Until then passwords need `passwordLimits.min` characters at the least, because clients of some APIs have always
 *  been given that, while the policy that is shown asks for more: who shows it holds new passwords to it (`get().passwords`). */
import { Type } from "typebox";
import { Value } from "typebox/value";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/db/database.ts";
import { createStoredSettings } from "../platform/db/stored-settings.ts";
import { YardError } from "../platform/errors.ts";
import type { LockoutRules } from "./lockout.ts";
import { passwordLimits } from "./names.ts";
import type { PasswordRules } from "./password-rules.ts";

export interface AccountPolicy {
  readonly passwords: PasswordRules;
  /** After which time a password should be changed; 0: never. Nobody is refused for it: clients remind. */
  readonly rotationDays: number;
  readonly lockout: LockoutRules;
}

export interface PolicyChanges {
  readonly passwords?: Partial<PasswordRules>;
  readonly rotationDays?: number;
  readonly lockout?: Partial<LockoutRules>;
}

export interface AccountPolicies {
  /** As it is shown. */
  get(): Promise<AccountPolicy>;
  /** @returns the policy as it is then @throws {YardError} invalid */
  change(changes: PolicyChanges): Promise<AccountPolicy>;
}

export interface StoredPolicy extends AccountPolicies {
  /** What every new password must be, whoever asks. */
  passwordRules(): Promise<PasswordRules>;
  lockoutRules(): Promise<LockoutRules>;
}

const key = "identity.account-policy";
/** Longer than anybody stays. */
const maxDays = 36_500;
const maxTries = 1_000_000;
const shownMinLength = 8;
export const minLengthRange = { min: 1, max: 256 } as const;

const StoredChanges = Type.Object({
  passwords: Type.Optional(
    Type.Partial(
      Type.Object({
        minLength: Type.Integer(),
        requireUpper: Type.Boolean(),
        requireLower: Type.Boolean(),
        requireDigit: Type.Boolean(),
        requireSymbol: Type.Boolean(),
      }),
    ),
  ),
  rotationDays: Type.Optional(Type.Integer()),
  lockout: Type.Optional(Type.Partial(Type.Object({ tries: Type.Integer(), lockMs: Type.Number() }))),
});

export interface PolicyParts {
  readonly database: Database;
  readonly clock: Clock;
  /** Until somebody sets others. */
  readonly lockout: LockoutRules;
}

export function createAccountPolicy({ database, clock, lockout }: PolicyParts): StoredPolicy {
  const settings = createStoredSettings({ database, clock });
  const stored = async () => parse(await settings.read(key));
  const usual = { requireUpper: false, requireLower: false, requireDigit: false, requireSymbol: false };

  async function get(): Promise<AccountPolicy> {
    const changed = await stored();
    return {
      passwords: { minLength: shownMinLength, ...usual, ...changed.passwords },
      rotationDays: changed.rotationDays ?? 0,
      lockout: { ...lockout, ...changed.lockout },
    };
  }

  return {
    get,

    async change(changes) {
      requireSound(changes);
      await settings.change(key, (before) => {
        const { passwords, lockout, ...rest } = parse(before);
        return {
          ...rest,
          ...(changes.rotationDays !== undefined && { rotationDays: changes.rotationDays }),
          passwords: { ...passwords, ...changes.passwords },
          lockout: { ...lockout, ...changes.lockout },
        };
      });
      return get();
    },

    passwordRules: async () => ({ minLength: passwordLimits.min, ...usual, ...(await stored()).passwords }),
    lockoutRules: async () => ({ ...lockout, ...(await stored()).lockout }),
  };
}

function parse(value: unknown): PolicyChanges {
  return value === undefined ? {} : Value.Parse(StoredChanges, value);
}

function requireSound({ passwords, rotationDays, lockout }: PolicyChanges): void {
  const { min, max } = minLengthRange;
  requireWithin("minLength", passwords?.minLength, min, max);
  requireWithin("rotationDays", rotationDays, 0, maxDays);
  requireWithin("tries", lockout?.tries, 0, maxTries);
  requireWithin("lockMs", lockout?.lockMs, 0, maxDays * 24 * 3_600_000);
}

function requireWithin(field: string, value: number | undefined, min: number, max: number): void {
  if (value === undefined || (value >= min && value <= max)) return;
  throw new YardError("invalid", `${value} is out of range: use ${min} to ${max}.`, { field });
}
