/** The shapes that Mitosis' operations share. */
import { type Static, type TSchema, Type } from "typebox";

export const userSecurity = [{ bearerAuth: [] }];
export const workerSecurity = [{ workerAuth: [] }];

export const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
/** May be left out, or null. */
export const maybe = <T extends TSchema>(schema: T) => Type.Optional(nullable(schema));

/** An object with names of the caller's own. */
export const mapOf = <T extends TSchema>(schema: T, options: { description?: string; minProperties?: number } = {}) =>
  Type.Unsafe<Record<string, Static<T>>>({ type: "object", additionalProperties: schema, ...options });

export const Uuid = Type.String({
  pattern: "^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$",
  description: "A UUID, in any case",
});

/** As it is compared and shown. */
export function uuidFromWire(text: string): string {
  return text.toLowerCase();
}

export const Timestamp = Type.String({ description: "UTC: RFC 3339, or the form of Mitosis' own programs" });

/** A reply without content. */
export const NoContent = Type.Unsafe<undefined>({ type: "null", description: "Done" });

export const Digest = Type.Array(Type.Integer({ minimum: 0, maximum: 255 }), {
  minItems: 16,
  maxItems: 16,
  description: "The 16 bytes of the password's MD5",
});

/** In hex. */
export function digestFromWire(bytes: readonly number[]): string {
  return Buffer.from(bytes).toString("hex");
}

export const TokenReply = Type.Object({ token: Type.String({ description: "To be sent as Authorization: Bearer" }) });

/** Names in a query: repeated keys, as the Rust programs send them, or one list with commas, as the document says. */
export const NameList = (description: string) => Type.Optional(Type.Array(Type.String(), { description }));

export function namesFromQuery(values: readonly string[] = []): string[] {
  const names = values.flatMap((value) => value.split(",")).map((name) => name.trim());
  return [...new Set(names.filter((name) => name !== ""))];
}

/** Largest body of a request that carries one thing. */
export const bodyLimitBytes = 2 * 1_024 * 1_024;
/** Largest body of a batch submit. */
export const batchBodyLimitBytes = 64 * 1_024 * 1_024;
