/** `runyard doctor`: what this machine can do, and what it cannot, without a yard that runs. */
import type { Command } from "commander";
import { checksOf, examine } from "../doctor/doctor.ts";
import type { Finding } from "../doctor/finding.ts";
import { patientOf } from "../doctor/patient.ts";
import { exitCodes } from "./exit-codes.ts";
import { addSettingOptions, readSettings } from "./settings.ts";

export function define(command: Command): void {
  addSettingOptions(command.option("--json", "print the findings as JSON"))
    .addHelpText("after", help)
    .action(async () => {
      const findings = await examine(checksOf(patientOf(readSettings(command), process.env)));
      console.log(command.opts().json ? JSON.stringify({ findings }, undefined, 2) : shown(findings));
      if (findings.some(({ state }) => state === "warning")) process.exitCode = exitCodes.failure;
    });
}

const help = `
Looks at the machine and at what the settings ask of it, those of \`runyard serve\`; changes nothing, and needs no yard that runs. What is
missing may well be left so: it says what cannot be had without it.

Exit code: 0, or 1 where there is a warning.

Examples:
  $ runyard doctor
  $ runyard doctor --json --data /srv/runyard`;

const marks = { ok: "ok", warning: "WARNING", missing: "missing" } as const satisfies Record<Finding["state"], string>;

function shown(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ name }) => name.length));
  const markWidth = Math.max(...Object.values(marks).map(({ length }) => length));
  const indent = " ".repeat(width + markWidth + 4);
  return findings
    .map(({ name, state, what, fix }) => {
      const first = `${name.padEnd(width)}  ${marks[state].padEnd(markWidth)}  ${what}`;
      return fix === undefined ? first : `${first}\n${indent}Fix: ${fix}`;
    })
    .join("\n");
}
