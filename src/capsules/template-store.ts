/** The table of templates. `minimal` is in none: every driver brings it along. */
import type { Selectable } from "kysely";
import { isUniqueViolation } from "../platform/db/constraints.ts";
import type { CapsuleTemplateRow } from "../platform/db/schema.ts";
import { asStorageError, YardError } from "../platform/errors.ts";
import type { CapsuleTemplate } from "./capsule.ts";
import type { CapsuleParts } from "./parts.ts";

export const minimalName = "minimal";
/** Owns what is everybody's. */
export const everybody = "";

/** What a capsule is made from. */
export interface FoundTemplate {
  readonly name: string;
  /** What its host's driver calls it. */
  readonly inDriver: string;
  readonly driver?: string;
  readonly hostId?: string;
  /** What its capsules get, whatever was asked for. */
  readonly vcpus?: number;
  readonly memoryMb?: number;
}

/** @throws {YardError} not_found (`template`), invalid */
export type FindTemplate = (teamId: string, name: string | undefined) => Promise<FoundTemplate>;

export interface StoredTemplate extends CapsuleTemplate {
  readonly id: string;
  readonly teamId: string;
  readonly hostId: string;
}

export interface TemplateStore {
  find(teamId: string, name: string): Promise<StoredTemplate | undefined>;
  /** Of the team and everybody's, newest first. */
  list(teamId: string): Promise<readonly StoredTemplate[]>;
  onHost(hostId: string): Promise<readonly StoredTemplate[]>;
  ofTeam(teamId: string): Promise<readonly StoredTemplate[]>;
  /** In place of `replaced`, if that is still there. @throws {YardError} conflict (`name`), storage_full */
  insert(template: StoredTemplate, replaced?: { readonly id: string }): Promise<void>;
  remove(id: string): Promise<boolean>;
}

export function createTemplateStore({ database }: Pick<CapsuleParts, "database">): TemplateStore {
  const db = database.kysely;
  const all = () => db.selectFrom("capsule_templates").selectAll();

  return {
    async find(teamId, name) {
      const row = await all().where("team_id", "=", teamId).where("name", "=", name).executeTakeFirst();
      return row && templateOf(row);
    },
    async list(teamId) {
      const rows = await all().where("team_id", "in", [teamId, everybody]).orderBy("id", "desc").execute();
      return rows.map(templateOf);
    },
    onHost: async (hostId) => (await all().where("host_id", "=", hostId).execute()).map(templateOf),
    ofTeam: async (teamId) => (await all().where("team_id", "=", teamId).execute()).map(templateOf),

    async insert(template, replaced) {
      try {
        await database.transaction(async (transaction) => {
          if (replaced) await transaction.deleteFrom("capsule_templates").where("id", "=", replaced.id).execute();
          await transaction.insertInto("capsule_templates").values(rowOf(template)).execute();
        });
      } catch (error) {
        if (isUniqueViolation(error)) throw taken(template.name);
        throw asStorageError(error, `the template ${template.name} cannot be saved`);
      }
    },
    async remove(id) {
      const { numDeletedRows } = await db
        .deleteFrom("capsule_templates")
        .where("id", "=", id)
        .executeTakeFirstOrThrow();
      return numDeletedRows > 0n;
    },
  };
}

export function taken(name: string, { reserved = false } = {}): YardError {
  const message = reserved
    ? `${name} is the name of a template that everybody has: choose another.`
    : `There is a template ${name} already. Choose another name, or replace it.`;
  return new YardError("conflict", message, { field: "name", details: { reserved } });
}

function rowOf(template: StoredTemplate): CapsuleTemplateRow {
  return {
    id: template.id,
    team_id: template.teamId,
    name: template.name,
    kind: template.kind,
    driver: template.driver,
    host_id: template.hostId,
    vcpus: template.vcpus ?? null,
    memory_mb: template.memoryMb ?? null,
    size_bytes: template.sizeBytes,
    created_at: template.createdAt,
  };
}

function templateOf(row: Selectable<CapsuleTemplateRow>): StoredTemplate {
  return {
    id: row.id,
    teamId: row.team_id,
    hostId: row.host_id,
    name: row.name,
    kind: row.kind,
    isShared: row.team_id === everybody,
    driver: row.driver,
    vcpus: row.vcpus ?? undefined,
    memoryMb: row.memory_mb ?? undefined,
    sizeBytes: row.size_bytes,
    createdAt: row.created_at,
  };
}
