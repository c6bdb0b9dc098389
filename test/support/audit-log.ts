/** The audit log of a test's yard, read beside it from its database. */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

export interface LoggedAction {
  readonly actor: string;
  readonly action: string;
  readonly target: string;
  readonly outcome: string;
  readonly details: string;
}

/** The oldest first. @param data the yard's data directory */
export function auditLog(data: string): readonly LoggedAction[] {
  const database = new DatabaseSync(join(data, "runyard.db"), { readOnly: true });
  try {
    return database
      .prepare("select actor_name as actor, action, target, outcome, details from audit_entries order by seq")
      .all()
      .map((row) => ({
        actor: String(row.actor),
        action: String(row.action),
        target: String(row.target),
        outcome: String(row.outcome),
        details: String(row.details),
      }));
  } finally {
    database.close();
  }
}
