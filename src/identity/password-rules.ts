/** What a new password must be. Rules speak of new ones alone: a password that was good enough when it was set goes on to log in. */
import { YardError } from "../platform/errors.ts";
import { passwordLimits } from "./names.ts";

export interface PasswordRules {
  /** In characters. */
  readonly minLength: number;
  readonly requireUpper: boolean;
  readonly requireLower: boolean;
  readonly requireDigit: boolean;
  /** Anything but a letter and a digit. */
  readonly requireSymbol: boolean;
}

const kinds = [
  { rule: "requireUpper", pattern: /\p{Lu}/u, needs: "an upper-case letter" },
  { rule: "requireLower", pattern: /\p{Ll}/u, needs: "a lower-case letter" },
  { rule: "requireDigit", pattern: /\p{Nd}/u, needs: "a digit" },
  { rule: "requireSymbol", pattern: /[^\p{L}\p{N}]/u, needs: "a character that is neither letter nor digit" },
] as const;

/** @throws {YardError} invalid, with a sentence that names the rule */
export function requirePassword(password: string, rules: PasswordRules): void {
  const { max } = passwordLimits;
  if (password.length < rules.minLength || password.length > max)
    throw unfit(`A password has ${rules.minLength} to ${max} characters; this one has ${password.length}.`);
  const lacking = kinds.find(({ rule, pattern }) => rules[rule] && !pattern.test(password));
  if (lacking) throw unfit(`A password needs ${lacking.needs}.`);
}

function unfit(message: string): YardError {
  return new YardError("invalid", message, { field: "password" });
}
