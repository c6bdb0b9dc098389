/** A filter of tasks as the conditions of a query.
 *
 *  One condition leads: the rows are found by its index, and the others are looked at row by row. PostgreSQL chooses it by what it knows of the data. SQLite
 *  knows nothing of the data and takes any index that fits, so it is told: the first of those below that can lead does, and the others are hidden
 *  behind a plus sign, which changes no value but keeps an index from being used. */
import { type Kysely, type RawBuilder, sql } from "kysely";
import type { DialectName } from "../platform/db/database.ts";
import type { Schema } from "../platform/db/schema.ts";
import { YardError } from "../platform/errors.ts";
import { type Comparison, type TaskFilter, type TaskState, taskStates } from "./task.ts";

/** What must hold of the row `task`. */
export interface Conditions {
  readonly teamId: string;
  /** Leads, where it is given: the tasks with this label. */
  readonly label: string | undefined;
  readonly where: readonly RawBuilder<boolean>[];
  /** Few rows are found, and not in the order of their ids. */
  readonly isUnordered: boolean;
}

/** One part of a filter, about one column. */
interface Part {
  readonly column: string;
  readonly holds: (column: RawBuilder<unknown>) => RawBuilder<boolean>;
  /** Whether its index finds few rows, or finds them in the order of the list. */
  readonly leads: boolean;
  /** Whether its index begins with the team. */
  readonly ofTeam?: boolean;
  readonly isUnordered?: boolean;
}

const mostWords = 100;
/** What several queues yield is sorted afterwards. Beyond so many it is quicker to go through all tasks of the team in order. */
const mostSorted = 10_000;
/** A label of so many tasks leads only where nothing else can. */
const manyLabelled = 1_000;

/** For tasks that are not over. @returns "none" if there can be none @throws {YardError} invalid */
export async function openConditions(db: Kysely<Schema>, dialect: DialectName, filter: TaskFilter) {
  checkFilter(filter);
  if (filter.waitStatus !== undefined || filter.reporterUuid !== undefined) return "none";
  const states = filter.states ?? taskStates;
  const queues = await queuesOf(db, filter);
  if (queues === "none") return "none";
  const isHeld = !states.includes("ready") && !states.includes("pending");
  const team = teamPart(filter); // rather than a label of many tasks: nearly all that have it are over
  return await arrange(db, dialect, filter, [
    { column: "worker_uuid", holds: (worker) => (isHeld ? sql`${worker} is not null` : sql`1 = 1`), leads: isHeld },
    ...(queues === "any" ? [] : [queuePart(queues, false)]),
    ...commonParts(filter),
    ...(filter.states ? [statePart(filter.states)] : []),
    team,
  ]);
}

/** For tasks that are over. @returns "none" if there can be none @throws {YardError} invalid */
export async function endedConditions(db: Kysely<Schema>, dialect: DialectName, filter: TaskFilter) {
  checkFilter(filter);
  const states = (filter.states ?? taskStates).filter((state) => state === "finished" || state === "cancelled");
  const queues = await queuesOf(db, filter);
  if (states.length === 0 || queues === "none") return "none";
  const { reporterUuid, waitStatus } = filter;
  return await arrange(db, dialect, filter, [
    ...(reporterUuid === undefined
      ? []
      : [
          {
            column: "reporter_uuid",
            holds: (uuid: RawBuilder<unknown>) => sql<boolean>`${uuid} = ${reporterUuid}`,
            leads: true,
          },
        ]),
    ...(queues === "any" ? [] : [queuePart(queues, await isRare(db, queues))]),
    ...(waitStatus ? [comparedPart("wait_status", waitStatus)] : []),
    ...(states.length === 2 ? [] : [statePart(states)]),
    ...commonParts(filter),
  ]);
}

async function arrange(
  db: Kysely<Schema>,
  dialect: DialectName,
  filter: TaskFilter,
  parts: readonly Part[],
): Promise<Conditions> {
  const team = parts.find(({ column }) => column === "team_id") ?? teamPart(filter);
  const best = parts.find(({ leads }) => leads);
  const counted = await countLabels(db, filter);
  const label = counted[0] && (counted[0].count < manyLabelled || best === undefined) ? counted[0].label : undefined;
  const labels = counted.map((one) => one.label).filter((one) => one !== label);
  const leader = label === undefined ? (best ?? team) : undefined;
  const shown = (part: Part) => part === leader || (part === team && leader?.ofTeam);
  return {
    teamId: filter.team.id,
    label,
    isUnordered: leader?.isUnordered ?? false,
    where: [
      ...new Set([team, ...parts]).values().map((part) => {
        const column = sql.ref(`task.${part.column}`);
        return part.holds(shown(part) || dialect === "postgres" ? column : sql`+${column}`);
      }),
      ...labels.map(
        (other) => sql<boolean>`exists (select 1 from task_labels as other
          where other.team_id = ${filter.team.id} and other.label = ${other} and other.task_id = task.id)`,
      ),
    ],
  };
}

/** The rarest first; more than `manyLabelled` are not counted. */
async function countLabels(db: Kysely<Schema>, { team, labels = [] }: TaskFilter) {
  const counted: { readonly label: string; readonly count: number }[] = [];
  for (const label of new Set(labels)) {
    const some = db
      .selectFrom("task_labels")
      .select("task_id")
      .where("team_id", "=", team.id)
      .where("label", "=", label)
      .limit(manyLabelled);
    const { count } = await db
      .selectFrom(some.as("some"))
      .select((select) => select.fn.countAll<number>().as("count"))
      .executeTakeFirstOrThrow();
    counted.push({ label, count });
  }
  return counted.sort((a, b) => a.count - b.count);
}

function teamPart({ team }: TaskFilter): Part {
  return { column: "team_id", holds: (id) => sql`${id} = ${team.id}`, leads: true };
}

function commonParts({ creators, priority }: TaskFilter): readonly Part[] {
  const ofCreators: Part | undefined = creators && {
    column: "creator_name",
    holds: (name) => sql`${name} in (${sql.join(creators)})`,
    leads: true,
    ofTeam: true,
  };
  return [ofCreators, priority && comparedPart("priority", priority)].filter((part) => part !== undefined);
}

/** The indexes have no zeros, so only a condition that leaves them out can use them, and has to say so in their words. */
function comparedPart(column: string, { is, value }: { is: Comparison; value: number }): Part {
  const leads = !holdsForZero({ is, value });
  const operator = sql.raw(is === "!=" ? "<>" : is);
  return {
    column,
    holds: (number) =>
      leads ? sql`${number} ${operator} ${value} and ${number} <> 0` : sql`${number} ${operator} ${value}`,
    leads,
    ofTeam: true,
    isUnordered: is !== "=" && !(column === "wait_status" && is === "!="), // those that failed have an index by age, too
  };
}

/** Few tasks are cancelled, and they have an index. */
function statePart(states: readonly TaskState[]): Part {
  const isCancelled = states.length === 1 && states[0] === "cancelled";
  return {
    column: "state",
    holds: (state) => (isCancelled ? sql`${state} = 'cancelled'` : sql`${state} in (${sql.join(states)})`),
    leads: isCancelled,
    ofTeam: true,
  };
}

function queuePart(queues: RawBuilder<number>, leads: boolean): Part {
  return { column: "queue_id", holds: (id) => sql`${id} in (${queues})`, leads };
}

/** The queues whose tags have all that the filter names, as a subquery. */
async function queuesOf(db: Kysely<Schema>, { team, tags }: TaskFilter): Promise<RawBuilder<number> | "any" | "none"> {
  if (tags === undefined) return "any";
  const wanted = [...new Set(tags)];
  const fitting = db
    .selectFrom("task_queue_tags")
    .select("queue_id")
    .where("team_id", "=", team.id)
    .where("tag", "in", wanted)
    .groupBy("queue_id")
    .having((select) => select.fn.countAll(), "=", wanted.length);
  const first = await fitting.limit(2).execute();
  if (first.length === 0) return "none";
  return first.length === 1 ? sql<number>`${first[0]!.queue_id}` : sql<number>`${fitting}`;
}

async function isRare(db: Kysely<Schema>, queues: RawBuilder<number>): Promise<boolean> {
  const some = db.selectFrom("ended_tasks").select("id").where(sql<boolean>`queue_id in (${queues})`).limit(mostSorted);
  const { count } = await db
    .selectFrom(some.as("some"))
    .select((select) => select.fn.countAll<number>().as("count"))
    .executeTakeFirstOrThrow();
  return count < mostSorted;
}

function checkFilter(filter: TaskFilter): void {
  for (const field of ["creators", "states", "tags", "labels"] as const) {
    const words: readonly string[] | undefined = filter[field];
    if (words === undefined || (words.length > 0 && words.length <= mostWords)) continue;
    const message = `${field} names nothing, or more than ${mostWords}. Leave it out to match all.`;
    throw new YardError("invalid", message, { field });
  }
}

function holdsForZero({ is, value }: { is: Comparison; value: number }): boolean {
  switch (is) {
    case "=":
      return value === 0;
    case "!=":
      return value !== 0;
    case "<":
      return value > 0;
    case "<=":
      return value >= 0;
    case ">":
      return value < 0;
    case ">=":
      return value <= 0;
  }
}
