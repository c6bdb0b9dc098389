/** `runyard version` */
import type { Command } from "commander";
import { packageVersion } from "../version.ts";

export function define(command: Command): void {
  command
    .option("--json", "print it as JSON")
    .addHelpText("after", "\nExample:\n  $ runyard version --json")
    .action((options: { json?: boolean }) => {
      const version = {
        runyard: packageVersion(),
        node: process.versions.node,
        platform: `${process.platform}-${process.arch}`,
      };
      console.log(
        options.json
          ? JSON.stringify(version)
          : `runyard ${version.runyard} (Node ${version.node}, ${version.platform})`,
      );
    });
}
