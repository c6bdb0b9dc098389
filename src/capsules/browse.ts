/** Capsules as people look through them: those of several teams, newest first, page by page. Rights are not looked at here: whoever asks names the teams. */
import { sql } from "kysely";
import type { Database } from "../platform/db/database.ts";
import { type ScannedPage, scanPage } from "../platform/db/scan-page.ts";
import { isAlive } from "./alive.ts";
import type { Capsule, CapsuleStatus } from "./capsule.ts";
import { capsuleOf } from "./store.ts";

export interface CapsuleBrowser {
  page(wanted: WantedCapsules): Promise<ScannedPage<Capsule, string>>;
  /** Without those that are over. */
  counts(teamIds: readonly string[]): Promise<Readonly<Partial<Record<CapsuleStatus, number>>>>;
  /** Those that cannot be reached, or came to be in error since then, a hundred at most. */
  troubled(teamIds: readonly string[], since: number): Promise<readonly Capsule[]>;
}

export interface WantedCapsules {
  readonly teamIds: readonly string[];
  /** That one alone. */
  readonly id?: string;
  /** Any of; absent: all that are not over. */
  readonly statuses?: readonly CapsuleStatus[];
  readonly matches?: (capsule: Capsule) => boolean;
  /** `next` of the page before. */
  readonly from: string | undefined;
  readonly limit: number;
}

const mostTroubled = 100;
/** Has the index lead that those have which are over, by age. */
const isFailed = sql<boolean>`status in ('stopped', 'error') and status = 'error'`;

export function createCapsuleBrowser({ kysely: db, dialect }: Pick<Database, "kysely" | "dialect">): CapsuleBrowser {
  const ofTeams = (teamIds: readonly string[]) => db.selectFrom("capsules").selectAll().where("team_id", "in", teamIds);

  const failed = () => db.selectFrom("capsules").selectAll().where(isFailed);
  /** With the plus SQLite does not go through all that the teams ever had. */
  const anyTeam = dialect === "postgres" ? sql.ref<string>("team_id") : sql<string>`+team_id`;

  async function read({ teamIds, id, statuses }: WantedCapsules, before: string | undefined, limit: number) {
    if (teamIds.length === 0) return [];
    const rows = await ofTeams(teamIds)
      .$if(statuses === undefined, (some) => some.where(isAlive))
      .$if(statuses !== undefined, (some) => some.where("status", "in", statuses!))
      .$if(id !== undefined, (some) => some.where("id", "=", id!))
      .$if(before !== undefined, (some) => some.where("id", "<", before!))
      .orderBy("id", "desc") // ids of one kind sort by age
      .limit(limit)
      .execute();
    return rows.map(capsuleOf);
  }

  return {
    page: (wanted) =>
      scanPage({
        ...{ from: wanted.from, limit: wanted.limit, matches: wanted.matches },
        read: (before, limit) => read(wanted, before, limit),
        placeOf: ({ id }) => id,
      }),

    async counts(teamIds) {
      if (teamIds.length === 0) return {};
      const rows = await db
        .selectFrom("capsules")
        .select(["status", ({ fn }) => fn.countAll<number>().as("count")])
        .where("team_id", "in", teamIds)
        .where(isAlive)
        .groupBy("status")
        .execute();
      return Object.fromEntries(rows.map(({ status, count }) => [status, Number(count)]));
    },

    async troubled(teamIds, since) {
      if (teamIds.length === 0) return [];
      const latest = (some: ReturnType<typeof failed>) =>
        some.orderBy("updated_at", "desc").limit(mostTroubled).execute();
      const found = await Promise.all([
        latest(ofTeams(teamIds).where(isAlive).where("status", "=", "missing")),
        latest(failed().where(anyTeam, "in", teamIds).where("updated_at", ">=", since)),
      ]);
      const latestFirst = found.flat().toSorted((a, b) => b.updated_at - a.updated_at);
      return latestFirst.slice(0, mostTroubled).map(capsuleOf);
    },
  };
}
