/** `runyard config` */
import type { Command } from "commander";
import { describeConfig } from "../config.ts";
import { addSettingOptions, readSettings } from "./settings.ts";

export function define(command: Command): void {
  addSettingOptions(command)
    .option("--json", "print them as JSON")
    .addHelpText("after", help)
    .action((options: { json?: boolean }) => {
      const config = readSettings(command);
      for (const warning of config.warnings) console.error(`runyard: ${warning}`);
      const effective = describeConfig(config);
      if (options.json) {
        const byKey = effective.map(({ key, shown, origin }) => [key, { value: shown ?? null, origin }]);
        console.log(JSON.stringify(Object.fromEntries(byKey), undefined, 2));
        return;
      }
      const rows = effective.map(({ key, shown, origin }) => [key, shown ?? "-", origin] as const);
      const width = (column: 0 | 1): number => Math.max(...rows.map((row) => row[column].length));
      for (const [key, shown, origin] of rows)
        console.log(`${key.padEnd(width(0))}  ${shown.padEnd(width(1))}  ${origin}`);
    });
}

const help = `
Takes every option that \`runyard serve\` takes, and shows what it would make of them. Secrets are hidden.

Examples:
  $ runyard config
  $ RUNYARD_LISTEN=0.0.0.0:7700 runyard config --json`;
