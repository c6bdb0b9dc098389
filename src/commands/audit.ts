/** `runyard audit verify` */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import type { Config } from "../config.ts";
import { createAudit } from "../identity/audit.ts";
import { systemClock } from "../platform/clock.ts";
import { type Database, openDatabase } from "../platform/db/database.ts";
import { YardError } from "../platform/errors.ts";
import { exitCodes } from "./exit-codes.ts";
import { addSettingOptions, readSettings } from "./settings.ts";

export function define(command: Command): void {
  const verify = command
    .command("verify")
    .description("Walk the chain of the audit log and name the first entry that does not hold.");
  command.addHelpText("after", example);
  addSettingOptions(verify)
    .option("--json", "print the result as JSON")
    .addHelpText("after", example)
    .action(async (options: { json?: boolean }) => {
      process.exitCode = await verifyAudit(readSettings(verify), options);
    });
}

const example = `
Reads the database itself, so it needs no running yard, and may run beside one. Exits with ${exitCodes.failure} if an entry was changed, removed or moved.

Examples:
  $ runyard audit verify
  $ runyard audit verify --data /srv/runyard --json`;

async function verifyAudit(config: Config, { json }: { json?: boolean }): Promise<number> {
  await using database = await openExistingDatabase(config);
  await using audit = createAudit({ database, clock: systemClock });
  const verdict = await audit.verify();
  if (json) console.log(JSON.stringify(verdict));
  else if (verdict.ok)
    console.log(
      `The audit log holds: ${verdict.entries} entries${prunedNote(verdict)}, the last one's hash is ${verdict.lastHash}.`,
    );
  else console.error(`runyard: the audit log does not hold from entry ${verdict.brokenAt} on: ${verdict.reason}`);
  return verdict.ok ? exitCodes.ok : exitCodes.failure;
}

function prunedNote({ prunedThrough }: { readonly prunedThrough: number }): string {
  return prunedThrough === 0 ? "" : ` after entry ${prunedThrough}, up to which it was pruned`;
}

/** Opening would make an empty database where there is none, and that one would be found in perfect order. */
async function openExistingDatabase(config: Config): Promise<Database> {
  if (config.databaseUrl !== undefined) return await openDatabase({ dialect: "postgres", url: config.databaseUrl });
  const path = join(config.data, "runyard.db");
  if (!existsSync(path))
    throw new YardError("not_found", `there is no yard in ${config.data}. Name its data directory with --data.`);
  return await openDatabase({ dialect: "sqlite", path });
}
