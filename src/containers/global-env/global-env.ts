/** Variables that every stack's compose file may use; a stack's own of the same name come before them. They can make a file mean anything (the directory that is
 *  mounted, the image that runs), so it is kept who set them: what somebody has set who may reach the hosts themselves nobody else changes, and what others set
 *  takes a stack that uses it no further than what they write themselves. Their values rest sealed, each under its own name:
 *  somebody who reads the database learns none, and who moves a value to another variable breaks it. */
import type { Selectable } from "kysely";
import type { Clock } from "../../platform/clock.ts";
import type { SecretBox } from "../../platform/crypto/secret-box.ts";
import { isUniqueViolation } from "../../platform/db/constraints.ts";
import type { Database } from "../../platform/db/database.ts";
import type { GlobalVariableRow } from "../../platform/db/schema.ts";
import { asStorageError, YardError } from "../../platform/errors.ts";

export interface GlobalVariable extends GlobalVariableInput {
  readonly id: number;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface GlobalVariableInput {
  readonly key: string;
  readonly value: string;
  /** By what people sort them; may be empty. */
  readonly group: string;
}

export interface GlobalEnv {
  /** By group, then by key. */
  list(): Promise<readonly GlobalVariable[]>;
  /** Each once, in order; without the empty one. */
  groups(): Promise<readonly string[]>;
  /** @throws {YardError} invalid, conflict, too_many */
  create(variable: GlobalVariableInput, by: VariableAuthor): Promise<GlobalVariable>;
  /** @throws {YardError} invalid, conflict, not_found, forbidden */
  update(id: number, variable: GlobalVariableInput, by: VariableAuthor): Promise<GlobalVariable>;
  /** @returns its key @throws {YardError} not_found, forbidden */
  remove(id: number, by: VariableAuthor): Promise<string>;
  /** For deployments. */
  variables(): Promise<GlobalValues>;
}

export interface VariableAuthor {
  /** Holds `containers.host-access`. */
  readonly isTrusted: boolean;
}

export interface GlobalValues {
  readonly values: ReadonlyMap<string, string>;
  /** Keys of those that somebody without `containers.host-access` has set. */
  readonly untrusted: ReadonlySet<string>;
}

export interface GlobalEnvParts {
  readonly database: Database;
  readonly secrets: SecretBox;
  readonly clock: Clock;
}

const keyPattern = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;
const maxValueLength = 32 * 1_024;
const maxGroupLength = 64;
const mostVariables = 1_000;

export function createGlobalEnv({ database, secrets, clock }: GlobalEnvParts): GlobalEnv {
  const db = database.kysely;
  const sealed = ({ key, value, group }: GlobalVariableInput) => ({
    ...{ key, sealed_value: secrets.seal(value, placeOf(key)), group_name: group.trim() },
  });

  function opened(row: Selectable<GlobalVariableRow>): GlobalVariable {
    const { id, key, group_name: group, created_at: createdAt, updated_at: updatedAt } = row;
    return { ...{ id, key, value: secrets.open(row.sealed_value, placeOf(key)), group }, createdAt, updatedAt };
  }

  const rowsInOrder = () =>
    db.selectFrom("global_variables").selectAll().orderBy("group_name").orderBy("key").execute();

  /** Why there was nothing to change. */
  async function refusalOf(id: number): Promise<YardError> {
    const row = await db.selectFrom("global_variables").select("key").where("id", "=", id).executeTakeFirst();
    if (!row) return new YardError("not_found", `There is no global variable ${id}.`);
    const message = `${row.key} was set by somebody with the permission containers.host-access, which you lack: it may decide what stacks reach.`;
    return new YardError("forbidden", message);
  }

  return {
    list: async () => (await rowsInOrder()).map(opened),

    async groups() {
      const rows = await db
        .selectFrom("global_variables")
        .select("group_name")
        .where("group_name", "<>", "")
        .distinct()
        .orderBy("group_name")
        .execute();
      return rows.map((row) => row.group_name);
    },

    async create(variable, { isTrusted }) {
      requireSound(variable);
      const now = clock.now();
      return withClearErrors(variable, () =>
        database.transaction(
          async (transaction) => {
            const { count } = await transaction
              .selectFrom("global_variables")
              .select(({ fn }) => fn.countAll<number>().as("count"))
              .executeTakeFirstOrThrow();
            if (count >= mostVariables)
              throw new YardError("too_many", `There are ${count} global variables already: delete some.`);
            const row = await transaction
              .insertInto("global_variables")
              .values({ ...sealed(variable), is_trusted: Number(isTrusted), created_at: now, updated_at: now })
              .returningAll()
              .executeTakeFirstOrThrow();
            return opened(row);
          },
          { exclusive: "global variables" },
        ),
      );
    },

    async update(id, variable, { isTrusted }) {
      requireSound(variable);
      const row = await withClearErrors(variable, () =>
        db
          .updateTable("global_variables")
          .set({ ...sealed(variable), is_trusted: Number(isTrusted), updated_at: clock.now() })
          .where("id", "=", id)
          .where("is_trusted", "<=", Number(isTrusted))
          .returningAll()
          .executeTakeFirst(),
      );
      if (row) return opened(row);
      throw await refusalOf(id);
    },

    async remove(id, { isTrusted }) {
      const row = await db
        .deleteFrom("global_variables")
        .where("id", "=", id)
        .where("is_trusted", "<=", Number(isTrusted))
        .returning("key")
        .executeTakeFirst();
      if (row) return row.key;
      throw await refusalOf(id);
    },

    async variables() {
      const rows = await rowsInOrder();
      return {
        values: new Map(rows.map(opened).map(({ key, value }) => [key, value])),
        untrusted: new Set(rows.filter((row) => row.is_trusted === 0).map(({ key }) => key)),
      };
    },
  };
}

function placeOf(key: string): string {
  return `global_variables.sealed_value:${key}`;
}

async function withClearErrors<T>({ key }: GlobalVariableInput, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (isUniqueViolation(error, "global_variables.key"))
      throw new YardError("conflict", `There is a global variable ${key} already.`, { field: "key", cause: error });
    throw asStorageError(error, "the variable cannot be saved");
  }
}

function requireSound({ key, value, group }: GlobalVariableInput): void {
  if (!keyPattern.test(key))
    throw new YardError(
      "invalid",
      "Use letters, digits and underscores, not beginning with a digit; 128 at the most.",
      {
        field: "key",
      },
    );
  if (value.length > maxValueLength || value.includes("\0") || !value.isWellFormed())
    throw new YardError("invalid", `Use at most ${maxValueLength} characters of text, without NUL.`, {
      field: "value",
    });
  if (group.trim().length > maxGroupLength || /\p{Cc}/u.test(group) || !group.isWellFormed())
    throw new YardError("invalid", `Use at most ${maxGroupLength} characters, in one line.`, { field: "group" });
}
