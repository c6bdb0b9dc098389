/** A registry of images as people see it, and as they change it: the password goes in, and never out. */
import type { Selectable } from "kysely";
import { Type } from "typebox";
import { Value } from "typebox/value";
import type { RegistryRow } from "../../platform/db/schema.ts";
import { YardError } from "../../platform/errors.ts";
import { requireRegistryUrl } from "./registry-url.ts";

export interface Registry {
  readonly id: number;
  readonly name: string;
  /** `host[:port][/path]`, in small letters. */
  readonly url: string;
  /** Empty: none is needed. */
  readonly username: string;
  readonly hasPassword: boolean;
  /** Hosts that have one of them may use the credentials; without any, all may. */
  readonly hostTags: readonly string[];
  readonly lastTest?: {
    /** Milliseconds since 1970. */
    readonly at: number;
    /** Why it failed. */
    readonly error?: string;
  };
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface RegistryInput {
  readonly name: string;
  readonly url: string;
  /** Absent: it stays. */
  readonly username?: string;
  /** Absent or empty: it stays. */
  readonly password?: string;
  readonly clearPassword?: boolean;
  /** Absent: they stay. */
  readonly hostTags?: readonly string[];
}

const HostTags = Type.Array(Type.String());

export function parseRegistryTags(json: string | null): readonly string[] {
  return json === null ? [] : Value.Parse(HostTags, JSON.parse(json));
}

export function registryOf(row: Selectable<RegistryRow>): Registry {
  const { id, name, url, username, created_at: createdAt, updated_at: updatedAt } = row;
  const error = row.test_error;
  return {
    ...{ id, name, url, username, createdAt, updatedAt, hasPassword: row.sealed_password !== null },
    hostTags: parseRegistryTags(row.host_tags),
    ...(row.tested_at !== null && { lastTest: { at: row.tested_at, ...(error !== null && { error }) } }),
  };
}

/** In the form in which it is kept. @throws {YardError} invalid */
export function requireSoundRegistry(input: RegistryInput): RegistryInput {
  const name = input.name.trim();
  if (name === "") throw new YardError("invalid", "must not be empty", { field: "name" });
  const username = input.username?.trim();
  for (const [field, text, most] of [
    ["name", name, 128],
    ["username", username ?? "", 256],
    ["password", input.password ?? "", 16 * 1_024], // access tokens of clouds are long
  ] as const) {
    if (text.length > most || /\p{Cc}/u.test(text) || !text.isWellFormed())
      throw new YardError("invalid", `Use at most ${most} characters, in one line.`, { field });
  }
  if (username?.includes(":")) throw new YardError("invalid", "must not hold a colon", { field: "username" });
  return { ...input, name, username, url: requireRegistryUrl(input.url) };
}
