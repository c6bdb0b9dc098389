/** The templates that there are. */
import type { Kysely, Selectable } from "kysely";
import type { Clock } from "../../platform/clock.ts";
import { isUniqueViolation } from "../../platform/db/constraints.ts";
import type { Database } from "../../platform/db/database.ts";
import type { Schema, StackTemplateRow } from "../../platform/db/schema.ts";
import { asStorageError, YardError } from "../../platform/errors.ts";
import { builtInTemplates } from "./built-in.ts";
import { requirePattern } from "./patterns.ts";
import { parameterName } from "./placeholders.ts";
import type { Parameter, Template, TemplateInput } from "./template.ts";
import { parametersOf } from "./values.ts";

export interface TemplateAuthor {
  /** Holds `containers.host-access`. */
  readonly isTrusted: boolean;
}

export interface Templates {
  /** Those that the yard came with first, then by slug. */
  list(): Promise<readonly Template[]>;
  /** @throws {YardError} not_found */
  get(id: number): Promise<Template>;
  /** @throws {YardError} invalid, conflict (`slug`), too_many */
  create(template: TemplateInput, by: TemplateAuthor): Promise<Template>;
  /** Replaces all of it; it is trusted as far as who does this. @throws {YardError} not_found; conflict, of one that the yard came with */
  update(id: number, template: TemplateInput, by: TemplateAuthor): Promise<Template>;
  /** @throws {YardError} not_found, conflict */
  remove(id: number): Promise<void>;
}

const mostTemplates = 500;
const slugPattern = /^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/;
const most = { text: 256 * 1_024, line: 200, description: 4_000, parameters: 100, pattern: 500, values: 100 };

/** Puts those that the yard comes with into their places, as this version has them. */
export async function openTemplates({ database, clock }: { database: Database; clock: Clock }): Promise<Templates> {
  await change(database, putBuiltIn(clock.now()));
  const find = async (db: Kysely<Schema>, id: number): Promise<Template> => {
    const row = await db.selectFrom("stack_templates").selectAll().where("id", "=", id).executeTakeFirst();
    if (row) return templateOf(row);
    throw new YardError("not_found", `There is no template ${id}.`);
  };
  const findOwn = async (db: Kysely<Schema>, id: number) => {
    const { isBuiltIn, slug } = await find(db, id);
    if (isBuiltIn)
      throw new YardError("conflict", `${slug} came with the server: make a template of your own instead.`);
  };

  return {
    get: (id) => find(database.kysely, id),

    async list() {
      const rows = await database.kysely
        .selectFrom("stack_templates")
        .selectAll()
        .orderBy("is_built_in", "desc")
        .orderBy("slug")
        .execute();
      return rows.map(templateOf);
    },

    async create(template, { isTrusted }) {
      requireSound(template);
      const now = clock.now();
      return change(database, async (trx) => {
        const { count } = await trx
          .selectFrom("stack_templates")
          .select(({ fn }) => fn.countAll<number>().as("count"))
          .executeTakeFirstOrThrow();
        if (count >= mostTemplates)
          throw new YardError("too_many", `There are ${count} templates already: delete some.`);
        const row = await trx
          .insertInto("stack_templates")
          .values({
            ...{ ...columnsOf(template), is_built_in: 0, is_trusted: Number(isTrusted) },
            ...{ created_at: now, updated_at: now },
          })
          .returningAll()
          .executeTakeFirstOrThrow();
        return templateOf(row);
      });
    },

    async update(id, template, { isTrusted }) {
      requireSound(template);
      return change(database, async (trx) => {
        await findOwn(trx, id);
        const row = await trx
          .updateTable("stack_templates")
          .set({ ...columnsOf(template), is_trusted: Number(isTrusted), updated_at: clock.now() })
          .where("id", "=", id)
          .returningAll()
          .executeTakeFirstOrThrow();
        return templateOf(row);
      });
    },

    remove: (id) =>
      change(database, async (trx) => {
        await findOwn(trx, id);
        await trx.deleteFrom("stack_templates").where("id", "=", id).execute();
      }),
  };
}

async function change<T>(database: Database, work: (trx: Kysely<Schema>) => Promise<T>): Promise<T> {
  try {
    return await database.transaction(work, { exclusive: "stack templates" });
  } catch (error) {
    if (isUniqueViolation(error))
      throw new YardError("conflict", "another template is called that", { field: "slug", cause: error });
    throw asStorageError(error, "the template cannot be saved");
  }
}

/** Of a slug that somebody has used already, theirs stays. */
function putBuiltIn(now: number) {
  return async (trx: Kysely<Schema>) => {
    const rows = await trx.selectFrom("stack_templates").selectAll().execute();
    for (const template of builtInTemplates) {
      const columns = columnsOf(template);
      const before = rows.find(({ slug }) => slug === template.slug);
      const isSame =
        before && columnsOf(templateOf(before)).compose === columns.compose && before.version === template.version;
      if (isSame || before?.is_built_in === 0) continue;
      const values = { ...columns, is_built_in: 1, is_trusted: 1, updated_at: now };
      await trx
        .insertInto("stack_templates")
        .values({ ...values, created_at: now })
        .onConflict((conflict) => conflict.column("slug").doUpdateSet(values))
        .execute();
    }
  };
}

/** @throws {YardError} invalid, naming the field in the template */
function requireSound(template: TemplateInput): void {
  const { slug, name, description, iconUrl, compose, env, parameters, author, version } = template;
  if (!slugPattern.test(slug))
    throw fault("slug", "has 1 to 64 small letters, digits and -, none of these at its ends");
  if (name.trim() === "") throw fault("name", "is missing");
  for (const [field, text] of Object.entries({ name, author, version, iconUrl }))
    if (text.length > most.line || /\p{Cc}/u.test(text))
      throw fault(field, `is one line of ${most.line} characters at most`);
  if (description.length > most.description) throw fault("description", `has more than ${most.description} characters`);
  if (iconUrl !== "" && !/^https?:$/.test(URL.parse(iconUrl)?.protocol ?? ""))
    throw fault("iconUrl", "is no http or https address");
  if (compose.trim() === "") throw fault("compose", "is missing");
  for (const [field, text] of Object.entries({ compose, env }))
    if (text.length > most.text || text.includes("\0"))
      throw fault(field, `is a text of ${most.text} characters at most`);
  const names = parameters.map((parameter) => parameter.name);
  if (new Set(names).size < names.length) throw fault("parameters", "name one of them twice");
  const all = parametersOf(template);
  if (all.length > most.parameters) throw fault("parameters", `are more than ${most.parameters}`);
  for (const parameter of all) requireSoundParameter(parameter);
}

function requireSoundParameter({ name, description = "", pattern, default: usual = "", enum: values = [] }: Parameter) {
  if (!parameterName.test(name)) throw fault("parameters", `${name.slice(0, 64)} is no name: letters, digits and _`);
  if (description.length > most.description) throw fault("parameters", `the description of ${name} is too long`);
  if (usual.length > most.description || values.length > most.values || values.join("").length > most.description)
    throw fault("parameters", `what ${name} may be is too long`);
  if (pattern === undefined) return;
  if (pattern.length > most.pattern) throw fault("parameters", `the pattern of ${name} is too long`);
  requirePattern(name, pattern);
}

function columnsOf({ slug, name, description, iconUrl, compose, env, parameters, author, version }: TemplateInput) {
  return {
    ...{ slug, name: name.trim(), description, icon_url: iconUrl, compose, env, author, version },
    parameters: JSON.stringify(parameters),
  };
}

function templateOf(row: Selectable<StackTemplateRow>): Template {
  const { id, slug, name, description, icon_url: iconUrl, compose, env, author, version } = row;
  return {
    ...{ id, slug, name, description, iconUrl, compose, env, author, version },
    parameters: JSON.parse(row.parameters) as Parameter[],
    ...{ isBuiltIn: row.is_built_in === 1, isTrusted: row.is_trusted === 1 },
    ...{ createdAt: row.created_at, updatedAt: row.updated_at },
  };
}

function fault(field: string, what: string): YardError {
  return new YardError("invalid", what, { field });
}
