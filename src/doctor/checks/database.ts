/** Whether the database answers, and whether it is one that the yard can use. */
import { existsSync } from "node:fs";
import type { Finding } from "../finding.ts";

export type DatabaseAsked =
  | { readonly dialect: "sqlite"; readonly path: string }
  | { readonly dialect: "postgres"; readonly url: string };

const name = "database";
const oldestPostgres = 15;

export async function checkDatabase(asked: DatabaseAsked): Promise<Finding> {
  if (asked.dialect === "sqlite") {
    const there = existsSync(asked.path) ? asked.path : `${asked.path}, which is made at the first start`;
    return { name, state: "ok", what: `SQLite ${process.versions.sqlite ?? ""}, in ${there}.`.replace("  ", " ") };
  }
  const { probePostgres } = await import("../../platform/db/probe.ts");
  try {
    const { version, major } = await probePostgres(asked.url);
    const what = `PostgreSQL ${version} answers.`;
    if (major >= oldestPostgres) return { name, state: "ok", what };
    return { name, state: "warning", what, fix: `Use PostgreSQL ${oldestPostgres} or newer.` };
  } catch (error) {
    const what = `PostgreSQL does not answer: ${error instanceof Error ? error.message : String(error)}`;
    return { name, state: "warning", what, fix: "Start it, or see to RUNYARD_DATABASE_URL and the network between." };
  }
}
