/** Which capsules are not over, in the very words of the index that has those alone (`capsules_alive`): with values in place of the words SQLite would go through all that
 *  ever were, of which nearly all are over. */
import { sql } from "kysely";
import { finalStatuses } from "./moves.ts";

export const isAlive = sql<boolean>`status not in (${sql.join(finalStatuses.map((status) => sql.lit(status)))})`;
