/** The hosts of the yard, in the tables `hosts` and `host_tags`. Whether an agent is connected is not here: see fleet.ts. */
import type { Kysely, Selectable } from "kysely";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/db/database.ts";
import type { HostRow, Schema } from "../platform/db/schema.ts";
import { YardError } from "../platform/errors.ts";
import { newId } from "../platform/ids.ts";
import { type AgentFacts, asRecord, type HostKind, type HostRecord, type Machine } from "./host-record.ts";

export interface NewHost {
  readonly kind: HostKind;
  /** Of a team's own. */
  readonly teamId?: string;
  readonly name?: string;
  readonly provider?: string;
  readonly zone?: string;
  readonly tags?: readonly string[];
  readonly createdBy: string;
  /** Whether no other host may have its name. */
  readonly isNameUnique?: boolean;
}

export interface HostRegistry {
  /** As `pending`. @throws {YardError} invalid, too_many; conflict, for a name that is taken and has to be unique */
  create(wanted: NewHost): Promise<HostRecord>;
  /** Of a yard itself: made at its first start, kept as it is at later ones. */
  ensureLocal(host: { id: string; name: string }): Promise<void>;
  /** Newest first. @param filter.ownedBy the own ones of that team alone */
  list(filter?: { ownedBy?: string }): Promise<readonly HostRecord[]>;
  find(id: string): Promise<HostRecord | undefined>;
  /** @throws {YardError} not_found */
  get(id: string): Promise<HostRecord>;
  /** What is known of its machine now; what is absent stays as it was. */
  describe(id: string, facts: Machine & AgentFacts & { address?: string }): Promise<void>;
  /** Twice does nothing. @throws {YardError} invalid, too_many, not_found */
  tag(id: string, tag: string): Promise<void>;
  untag(id: string, tag: string): Promise<void>;
  /** These in place of all that it has. @throws {YardError} invalid, too_many */
  retag(id: string, tags: readonly string[]): Promise<void>;
  /** Its agent has opened a connection to that yard: all before it are over. @returns the number of the connection; undefined: there is no such host */
  claimLink(id: string, yardId: string): Promise<number | undefined>;
  /** With its tags and tokens. @returns whether it was there */
  remove(id: string): Promise<boolean>;
}

/** All of them are in memory of every yard, and looked through for each placement. */
export const mostHosts = 1_000;
const mostTags = 64;
const longestTag = 128;
const longestText = 128;

export function createHostRegistry({ database, clock }: { database: Database; clock: Clock }): HostRegistry {
  const db = database.kysely;

  async function withTags(rows: readonly Selectable<HostRow>[]): Promise<HostRecord[]> {
    if (rows.length === 0) return [];
    const ids = rows.map(({ id }) => id);
    const tags = await db.selectFrom("host_tags").selectAll().where("host_id", "in", ids).orderBy("tag").execute();
    const byHost = Map.groupBy(tags, ({ host_id }) => host_id);
    return rows.map((row) => asRecord(row, byHost.get(row.id)?.map(({ tag }) => tag) ?? []));
  }

  async function find(id: string): Promise<HostRecord | undefined> {
    const row = await db.selectFrom("hosts").selectAll().where("id", "=", id).executeTakeFirst();
    return row && (await withTags([row]))[0];
  }

  async function get(id: string): Promise<HostRecord> {
    const host = await find(id);
    if (!host) throw new YardError("not_found", `There is no host ${id}.`);
    return host;
  }

  return {
    find,
    get,

    async create({ kind, teamId, tags = [], createdBy, isNameUnique = false, ...wanted }) {
      const now = clock.now();
      const id = newId("host", now);
      const texts = { name: text("name", wanted.name), provider: text("provider", wanted.provider) };
      const zone = text("zone", wanted.zone);
      checkTags(tags);
      await database.transaction(async (trx) => {
        const { count } = await trx
          .selectFrom("hosts")
          .select((hosts) => hosts.fn.countAll<number>().as("count"))
          .executeTakeFirstOrThrow();
        if (count >= mostHosts) throw new YardError("too_many", `A yard has at most ${mostHosts} hosts. Remove some.`);
        if (isNameUnique && texts.name !== null) await requireFreeName(trx, texts.name);
        await trx
          .insertInto("hosts")
          .values({
            ...newRow({ id, name: texts.name ?? id, now }),
            ...{ kind, team_id: teamId ?? null, provider: texts.provider, zone, created_by: createdBy },
          })
          .execute();
        for (const tag of new Set(tags)) await trx.insertInto("host_tags").values({ host_id: id, tag }).execute();
      });
      return get(id);
    },

    async ensureLocal({ id, name }) {
      const now = clock.now();
      const isThere = { status: "online", heartbeat_at: now } as const;
      await db
        .insertInto("hosts")
        .values({ ...newRow({ id, name, now }), ...isThere, is_local: 1, yard_id: id })
        .onConflict((conflict) => conflict.column("id").doUpdateSet({ name, ...isThere }))
        .execute();
    },

    async list({ ownedBy } = {}) {
      let hosts = db
        .selectFrom("hosts")
        .selectAll()
        .orderBy("created_at", "desc")
        .orderBy("id", "desc")
        .limit(mostHosts);
      if (ownedBy !== undefined) hosts = hosts.where("kind", "=", "byoc").where("team_id", "=", ownedBy);
      return withTags(await hosts.execute());
    },

    async describe(id, { cpuCores, memoryMb, diskMb, agentVersion, dockerVersion, ...same }) {
      const { arch, address, os, hostname } = same;
      const given = {
        ...{ arch, cpu_cores: cpuCores, memory_mb: memoryMb, disk_mb: diskMb, address },
        ...{ os, hostname, agent_version: agentVersion, docker_version: dockerVersion },
      };
      const known = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
      await db
        .updateTable("hosts")
        .set({ ...known, updated_at: clock.now() })
        .where("id", "=", id)
        .execute();
    },

    async tag(id, tag) {
      checkTag(tag);
      const { tags } = await get(id);
      if (tags.includes(tag)) return;
      if (tags.length >= mostTags) throw tooManyTags();
      await db
        .insertInto("host_tags")
        .values({ host_id: id, tag })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    },

    async untag(id, tag) {
      await db.deleteFrom("host_tags").where("host_id", "=", id).where("tag", "=", tag).execute();
    },

    async retag(id, tags) {
      checkTags(tags);
      await database.transaction(async (trx) => {
        await trx.deleteFrom("host_tags").where("host_id", "=", id).execute();
        for (const tag of new Set(tags)) await trx.insertInto("host_tags").values({ host_id: id, tag }).execute();
      });
    },

    async claimLink(id, yardId) {
      const claimed = await db
        .updateTable("hosts")
        .set((host) => ({ yard_id: yardId, link: host("link", "+", 1) }))
        .where("id", "=", id)
        .returning("link")
        .executeTakeFirst();
      return claimed?.link;
    },

    async remove(id) {
      const { numDeletedRows } = await db.deleteFrom("hosts").where("id", "=", id).executeTakeFirst();
      return numDeletedRows > 0n;
    },
  };
}

function newRow({ id, name, now }: { id: string; name: string; now: number }): HostRow {
  return {
    ...{ id, name, kind: "regular", team_id: null, provider: null, zone: null },
    ...{ arch: null, cpu_cores: null, memory_mb: null, disk_mb: null, address: null },
    ...{ os: null, hostname: null, agent_version: null, docker_version: null },
    ...{ status: "pending", heartbeat_at: null, is_local: 0, token_epoch: 0, yard_id: null, link: 0 },
    ...{ created_by: null, created_at: now, updated_at: now },
  };
}

function text(field: string, given: string | undefined): string | null {
  const trimmed = given?.trim() ?? "";
  if (trimmed.length > longestText || /\p{Cc}/u.test(trimmed))
    throw new YardError(
      "invalid",
      `${field} has at most ${longestText} characters, none of them a control character.`,
      {
        field,
      },
    );
  return trimmed || null;
}

function checkTag(tag: string): void {
  if (tag.length > 0 && tag.length <= longestTag && !/[\p{Cc}\p{Z}]/u.test(tag)) return;
  throw new YardError(
    "invalid",
    `A tag has 1 to ${longestTag} characters, and neither blanks nor control characters.`,
    {
      field: "tag",
    },
  );
}

function checkTags(tags: readonly string[]): void {
  if (tags.length > mostTags) throw tooManyTags();
  for (const tag of tags) checkTag(tag);
}

async function requireFreeName(db: Kysely<Schema>, name: string): Promise<void> {
  const taken = await db.selectFrom("hosts").select("id").where("name", "=", name).executeTakeFirst();
  if (taken)
    throw new YardError("conflict", `There is a host ${name} already: choose another name.`, { field: "name" });
}

function tooManyTags(): YardError {
  return new YardError("too_many", `A host has at most ${mostTags} tags. Remove some first.`, { field: "tag" });
}
