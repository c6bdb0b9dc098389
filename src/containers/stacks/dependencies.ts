/** Which stacks are to run before which. They may name stacks that there are not (yet). */
import type { Database } from "../../platform/db/database.ts";
import { YardError } from "../../platform/errors.ts";

export interface Dependencies {
  get(stack: string): Promise<{ readonly dependsOn: readonly string[]; readonly dependents: readonly string[] }>;
  /** In place of what it depended on; blanks, itself and repetitions are left out.
   *  @returns what is left, by name  @throws {YardError} precondition, for a circle */
  set(stack: string, dependsOn: readonly string[]): Promise<readonly string[]>;
  /** All that a stack needs, and what those need, each after what it needs itself. @throws {YardError} precondition, for a circle */
  prerequisites(stack: string): Promise<readonly string[]>;
  /** What it depends on; who depends on it goes on doing so. */
  remove(stack: string): Promise<void>;
}

/** Stack by stack, by name. */
type Graph = ReadonlyMap<string, readonly string[]>;

const mostDependencies = 100;

export function createDependencies(database: Database): Dependencies {
  async function readGraph(db: Pick<Database["kysely"], "selectFrom">): Promise<Graph> {
    const rows = await db.selectFrom("stack_dependencies").selectAll().orderBy("depends_on").execute();
    const groups = Map.groupBy(rows, ({ stack }) => stack);
    return new Map([...groups].map(([stack, edges]) => [stack, edges.map((edge) => edge.depends_on)]));
  }

  return {
    async get(stack) {
      const graph = await readGraph(database.kysely);
      const dependents = [...graph].filter(([, dependsOn]) => dependsOn.includes(stack)).map(([name]) => name);
      return { dependsOn: graph.get(stack) ?? [], dependents: dependents.toSorted() };
    },
    async set(stack, dependsOn) {
      const names = [...new Set(dependsOn.map((name) => name.trim()))];
      const wanted = names.filter((name) => name !== "" && name !== stack).toSorted();
      if (wanted.length > mostDependencies) {
        throw new YardError("invalid", `holds more than ${mostDependencies} stacks`, { field: "depends_on" });
      }
      await database.transaction(
        async (transaction) => {
          const graph = new Map(await readGraph(transaction)).set(stack, wanted);
          orderOf(stack, graph);
          await transaction.deleteFrom("stack_dependencies").where("stack", "=", stack).execute();
          if (wanted.length === 0) return;
          const rows = wanted.map((name) => ({ stack, depends_on: name }));
          await transaction.insertInto("stack_dependencies").values(rows).execute();
        },
        { exclusive: "stack dependencies" },
      );
      return wanted;
    },
    async prerequisites(stack) {
      return orderOf(stack, await readGraph(database.kysely)).slice(0, -1);
    },
    async remove(stack) {
      await database.kysely.deleteFrom("stack_dependencies").where("stack", "=", stack).execute();
    },
  };
}

/** What is reached from a stack, and at last itself. @throws {YardError} precondition, for a circle */
function orderOf(stack: string, graph: Graph): readonly string[] {
  const order: string[] = [];
  const way: string[] = [];
  function visit(name: string): void {
    if (order.includes(name)) return;
    if (way.includes(name)) throw circle([...way.slice(way.indexOf(name)), name]);
    way.push(name);
    for (const needed of graph.get(name) ?? []) visit(needed);
    way.pop();
    order.push(name);
  }
  visit(stack);
  return order;
}

function circle(names: readonly string[]): YardError {
  return new YardError("precondition", `Stacks would need one another in a circle: ${names.join(" → ")}.`, {
    field: "depends_on",
  });
}
