/** How much of each host its capsules may use: what the placement of the next one is decided by. */
import type { Database } from "../platform/db/database.ts";
import { isAlive } from "./alive.ts";

export interface CapsuleLoad {
  readonly vcpus: number;
  readonly memoryMb: number;
  readonly diskMb: number;
}

/** Of each host that has any, by its id. One that is paused counts with half its memory, two thirds of its disk, and no processor. */
export async function readHostLoads({ kysely }: Pick<Database, "kysely">): Promise<ReadonlyMap<string, CapsuleLoad>> {
  const rows = await kysely
    .selectFrom("capsules")
    .select(({ fn, eb, lit }) => {
      const rests = eb("status", "in", ["paused", "hibernated"]);
      const part = (column: "vcpus" | "memory_mb" | "disk_mb", numerator: number, denominator: number) => {
        const resting = eb(eb(column, "*", lit(numerator)), "/", lit(denominator));
        return fn.sum<number>(eb.case().when(rests).then(resting).else(eb.ref(column)).end());
      };
      return [
        "host_id",
        part("vcpus", 0, 1).as("vcpus"),
        part("memory_mb", 1, 2).as("memoryMb"),
        part("disk_mb", 2, 3).as("diskMb"),
      ];
    })
    .where(isAlive)
    .groupBy("host_id")
    .execute();
  return new Map(rows.map(({ host_id, ...load }) => [host_id, load]));
}
