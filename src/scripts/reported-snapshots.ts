/** Which snapshots callers were told of, and may come back for. */
import type { Kysely } from "kysely";
import type { Schema } from "../platform/db/schema.ts";

/** Those that executions have left which are still remembered, and those of the steps of sessions. */
export async function reportedSnapshots(db: Kysely<Schema>): Promise<readonly string[]> {
  const ofSteps = db.selectFrom("script_steps").select("fs_out as id").where("fs_out", "is not", null);
  const ofBoth = db.selectFrom("executions").select("fs_out as id").where("fs_out", "is not", null).union(ofSteps);
  return (await ofBoth.execute()).flatMap(({ id }) => id ?? []);
}
