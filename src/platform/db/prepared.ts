import { type CompiledQuery, type Kysely, type RawBuilder, sql } from "kysely";
import type { Schema } from "./schema.ts";

/** A place in a prepared query that is filled in at each run. */
class Slot {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** A parameter of a prepared query that is taken anew at each run. */
class AtRun {
  readonly take: () => unknown;
  constructor(take: () => unknown) {
    this.take = take;
  }
}

/** For prepared queries only: a place that fills itself. */
export function atRun<Value>(take: () => Value): RawBuilder<Value> {
  return sql`${new AtRun(take)}`;
}

type SlotOf<Values> = <Name extends keyof Values & string>(name: Name) => RawBuilder<Values[Name]>;

/** A query for the hottest paths, built and compiled once, run with new values: 6 µs on SQLite where the same query written out
 *  at each call takes 13 µs (3 µs of both are SQLite's). Elsewhere write the query out.
 *
 *      const findSession = prepareQuery<{ id: string }, SessionRow>(kysely, (slot) =>
 *        kysely.selectFrom("sessions").selectAll().where("id", "=", slot("id")));
 *      const [session] = await findSession({ id });
 *
 *  @returns runs it on its own, or in the transaction that is given */
export function prepareQuery<Values, Row>(
  kysely: Kysely<Schema>,
  build: (slot: SlotOf<Values>) => { compile(kysely: Kysely<Schema>): CompiledQuery<Row> },
): (values: Values, transaction?: Kysely<Schema>) => Promise<readonly Row[]> {
  const template = build((name) => sql`${new Slot(name)}`).compile(kysely);
  return async (values, transaction) => {
    const parameters = template.parameters.map((value) => {
      if (value instanceof Slot) return values[value.name as keyof Values];
      return value instanceof AtRun ? value.take() : value;
    });
    return (await (transaction ?? kysely).executeQuery<Row>({ ...template, parameters })).rows;
  };
}
