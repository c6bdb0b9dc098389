/** What the sections of a policy have in common. */
import { Type } from "typebox";
import { networksOf } from "../../platform/http/outgoing/addresses.ts";

/** A key that is not known is a mistake. */
export const closed = { additionalProperties: false };
export const texts = Type.Array(Type.String({ maxLength: 1_000 }), { minItems: 1, maxItems: 1_000 });
/** Of a rule, for messages. */
export const ruleName = Type.String({ minLength: 1, maxLength: 100 });
export const mostRules = 1_000;
export const timeoutSeconds = Type.Integer({ minimum: 1, maximum: 300 });
export const mebibyte = 1024 ** 2;

/** @throws {RangeError} */
export function requireNetwork(text: string): string {
  networksOf([text]);
  return text;
}
