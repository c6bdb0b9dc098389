/** The shapes that Wrenn's operations share. */
import { type TSchema, Type } from "typebox";

export const userSecurity = [{ bearerAuth: [] }];
/** Of everything about capsules and templates: a team's key, or a user's token. */
export const teamSecurity: Record<string, string[]>[] = [{ apiKeyAuth: [] }, { bearerAuth: [] }];
export const hostSecurity = [{ hostTokenAuth: [] }];

export const Timestamp = Type.String({ format: "date-time", description: "RFC 3339, in whole seconds" });

/** Of a request: may be left out, or null. */
export const maybe = <T extends TSchema>(schema: T) => Type.Optional(Type.Union([schema, Type.Null()]));

/** Numbers beyond 32 bits are refused. */
export const Int32 = (options: { minimum?: number; default?: number; description?: string } = {}) =>
  Type.Integer({ minimum: -(2 ** 31), maximum: 2 ** 31 - 1, ...options });

/** A reply without content. */
export const NoContent = Type.Unsafe<undefined>({ type: "null", description: "Done" });

export const IdPath = Type.Object({ id: Type.String() });

/** Largest JSON body. */
export const bodyLimitBytes = 1_024 * 1_024;
