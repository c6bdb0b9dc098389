/** Which team has which name: what other rooms keep by id, APIs are asked for by name. Remembered, because requests that come thousands of times a
 *  second name a team. */
import type { Kysely } from "kysely";
import type { Bus } from "../platform/bus/bus.ts";
import type { Topics } from "../platform/bus/topics.ts";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/db/database.ts";
import type { Schema } from "../platform/db/schema.ts";
import { isName } from "./names.ts";

export interface TeamName {
  readonly id: string;
  readonly name: string;
}

export interface TeamDirectory extends Disposable {
  /** Undefined for a team that there is not; at once for one that is remembered. */
  byName(name: string): TeamName | undefined | Promise<TeamName | undefined>;
  /** Those that there are, by the names given. */
  byNames(names: Iterable<string>): Promise<ReadonlyMap<string, TeamName>>;
  /** Those that there are, by their ids. */
  byIds(ids: Iterable<string>): Promise<ReadonlyMap<string, TeamName>>;
}

export interface TeamDirectoryParts {
  readonly database: Database;
  /** Tells of users who left a team that ended with that, or had one of their own. */
  readonly bus: Bus<Topics>;
  readonly clock: Clock;
  /** How many teams are remembered. */
  readonly limit?: number;
  /** After which time they are read again, in milliseconds: a replica whose bus is down learns of changes too. */
  readonly recheckMs?: number;
}

interface Remembered {
  readonly team: TeamName;
  /** Monotonic. */
  readonly readAt: number;
}

type Column = "id" | "name";

/** More than this are asked for in several queries: databases bound the number of values in one. */
const perQuery = 500;

export function createTeamDirectory(parts: TeamDirectoryParts): TeamDirectory {
  const { database, bus, clock, limit = 10_000, recheckMs = 2_000 } = parts;
  const remembered = { id: new Map<string, Remembered>(), name: new Map<string, Remembered>() };
  let changes = 0;
  // Names never change, but a team may end, and its name be given to another. That is rare enough to forget all of them.
  const forget = () => {
    changes++;
    remembered.id.clear();
    remembered.name.clear();
  };
  const subscriptions = new DisposableStack();
  subscriptions.use(bus.subscribe("user.changed", forget));
  subscriptions.use(bus.onResync(forget));

  function fresh(column: Column, key: string): TeamName | undefined {
    const found = remembered[column].get(key);
    return found && clock.monotonic() - found.readAt < recheckMs ? found.team : undefined;
  }

  /** Keeps nothing if something was changed since the reading began: it may be from just before the change. */
  async function read(column: Column, keys: readonly string[]): Promise<readonly TeamName[]> {
    const [changesBefore, readAt] = [changes, clock.monotonic()];
    const teams: TeamName[] = [];
    for (let start = 0; start < keys.length; start += perQuery)
      teams.push(...(await readTeams(database.kysely, column, keys.slice(start, start + perQuery))));
    if (changes === changesBefore) for (const team of teams) remember(team, readAt);
    return teams;
  }

  function remember(team: TeamName, readAt: number): void {
    for (const column of ["id", "name"] as const) {
      const map = remembered[column];
      map.delete(team[column]); // and in again at the end: the first of a Map is the one that was read longest ago
      map.set(team[column], { team, readAt });
      if (map.size > limit) map.delete(map.keys().next().value!);
    }
  }

  async function find(column: Column, wanted: Iterable<string>): Promise<ReadonlyMap<string, TeamName>> {
    const found = new Map<string, TeamName>();
    const missing: string[] = [];
    for (const key of new Set(wanted)) {
      const team = fresh(column, key);
      if (team) found.set(key, team);
      else missing.push(key);
    }
    if (missing.length > 0) for (const team of await read(column, missing)) found.set(team[column], team);
    return found;
  }

  return {
    byName(name) {
      if (!isName(name)) return undefined;
      return fresh("name", name) ?? find("name", [name]).then((found) => found.get(name));
    },
    byNames: (names) => find("name", Iterator.from(names).filter(isName)),
    byIds: (ids) => find("id", ids),
    [Symbol.dispose]: () => subscriptions.dispose(),
  };
}

function readTeams(db: Kysely<Schema>, column: Column, keys: readonly string[]): Promise<TeamName[]> {
  return db.selectFrom("teams").select(["id", "name"]).where(column, "in", keys).execute();
}
