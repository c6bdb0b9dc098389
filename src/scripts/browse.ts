/** Executions as people look through them: those of one team, newest first, page by page. */
import { type Selectable, sql } from "kysely";
import type { Database } from "../platform/db/database.ts";
import { type ScannedPage, scanPage } from "../platform/db/scan-page.ts";
import type { ExecutionRow } from "../platform/db/schema.ts";
import type { Execution, ExecutionStatus } from "./execution.ts";
import { toExecution } from "./execution-rows.ts";

/** Where one is among the others. */
export interface ExecutionPlace {
  readonly createdAt: number;
  readonly id: string;
}

export interface ExecutionBrowser {
  page(wanted: WantedExecutions): Promise<ScannedPage<Execution, ExecutionPlace>>;
  running(teamId: string): Promise<number>;
  /** Those whose id begins so, a few at most. */
  withId(teamId: string, prefix: string, limit: number): Promise<readonly Execution[]>;
  /** Saved memories whose id begins so, a few at most. */
  heapsWithId(teamId: string, prefix: string, limit: number): Promise<readonly string[]>;
}

export interface WantedExecutions {
  readonly teamId: string;
  /** Any of; absent: all. */
  readonly statuses?: readonly ExecutionStatus[];
  readonly session?: string;
  readonly matches?: (execution: Execution) => boolean;
  /** `next` of the page before. */
  readonly from: ExecutionPlace | undefined;
  readonly limit: number;
}

/** Nearly all are completed; the others have an index, which is known by its very words. */
const isUnusual = sql<boolean>`status <> 'completed'`;

export function createExecutionBrowser({ kysely: db, dialect }: Database): ExecutionBrowser {
  const ofTeam = (teamId: string) => db.selectFrom("executions").selectAll().where("team_id", "=", teamId);
  /** Where another index leads: with the plus SQLite does not go through all that the team has run. */
  const anyTeam = dialect === "postgres" ? sql.ref<string>("team_id") : sql<string>`+team_id`;

  async function read(
    { teamId, statuses, session }: WantedExecutions,
    from: ExecutionPlace | undefined,
    limit: number,
  ): Promise<readonly Execution[]> {
    const rows: Selectable<ExecutionRow>[] = await ofTeam(teamId)
      .$if(statuses !== undefined, (some) => some.where("status", "in", statuses!))
      .$if(statuses?.includes("completed") === false, (some) => some.where(isUnusual))
      .$if(session !== undefined, (some) => some.where("session", "=", session!))
      .$if(from !== undefined, (some) =>
        some
          .where("created_at", "<=", from!.createdAt) // which the index finds; the rest tells those of the same moment apart
          .where(sql<boolean>`(created_at < ${from!.createdAt} or id < ${from!.id})`),
      )
      .orderBy("created_at", "desc")
      .orderBy("id", "desc")
      .limit(limit)
      .execute();
    return rows.map(toExecution);
  }

  return {
    page: (wanted) =>
      scanPage({
        ...{ from: wanted.from, limit: wanted.limit, matches: wanted.matches },
        read: (from, limit) => read(wanted, from, limit),
        placeOf: ({ createdAt, id }) => ({ createdAt, id }),
      }),

    async running(teamId) {
      const { count } = await db
        .selectFrom("executions")
        .select(({ fn }) => fn.countAll<number>().as("count"))
        .where(anyTeam, "=", teamId)
        .where("ended_at", "is", null)
        .executeTakeFirstOrThrow();
      return Number(count);
    },

    async withId(teamId, prefix, limit) {
      const from = prefix.toLowerCase();
      const rows = await db
        .selectFrom("executions")
        .selectAll()
        .where(anyTeam, "=", teamId)
        .where("id", ">=", from)
        .where("id", "<", `${from}g`)
        .limit(limit)
        .execute();
      return rows.map(toExecution);
    },

    async heapsWithId(teamId, prefix, limit) {
      const from = prefix.toLowerCase();
      const rows = await db
        .selectFrom("heaps")
        .select("id")
        .where("team_id", "=", teamId)
        .where("id", ">=", from)
        .where("id", "<", `${from}g`)
        .limit(limit)
        .execute();
      return rows.map(({ id }) => id);
    },
  };
}
