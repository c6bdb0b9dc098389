/** Whether a program may be run, with these arguments, this environment and in this directory. */
import { posix } from "node:path";
import { shortened } from "../call-error.ts";
import { matchesText, type TextPattern } from "../text-pattern.ts";

export interface ArgumentsPattern {
  readonly arguments: readonly TextPattern[];
  /** Whether any others may follow. */
  readonly isOpen: boolean;
}

export interface CommandRule {
  readonly name: string;
  /** As scripts have to write them. */
  readonly programs: ReadonlySet<string>;
  readonly arguments: readonly ArgumentsPattern[];
  /** Names of variables that may be set. */
  readonly environment: readonly TextPattern[];
  /** Absolute. It runs in one of them or beneath it, in the first if the script does not say. */
  readonly directories: readonly string[];
}

export interface CommandPolicy {
  readonly rules: readonly CommandRule[];
  /** The user of the host that they run as; undefined: the one that its agent runs as. */
  readonly user: string | undefined;
  readonly timeoutMs: number;
  /** Of standard output, and of standard error. */
  readonly maxOutputBytes: number;
}

export interface AskedCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string | undefined;
}

export type CommandVerdict = { readonly cwd: string } | { readonly reason: string };

/** Where something runs that was given no directory. */
const nowhere = "/";

/** @returns where it runs, or which rule comes closest and why it does not allow it */
export function judgeCommand({ rules }: CommandPolicy, asked: AskedCommand): CommandVerdict {
  const ofProgram = rules.filter(({ programs }) => programs.has(asked.program));
  if (ofProgram.length === 0) return { reason: "no rule of subprocess.allow is for this program" };
  const ofArguments = ofProgram.filter((rule) => rule.arguments.some((pattern) => matches(pattern, asked.args)));
  if (ofArguments.length === 0) return { reason: `${namesOf(ofProgram)} does not allow these arguments` };
  const variable = (rule: CommandRule) => refusedVariable(rule, asked);
  const ofEnvironment = ofArguments.filter((rule) => variable(rule) === undefined);
  const [first] = ofArguments;
  if (ofEnvironment.length === 0)
    return { reason: `${namesOf(ofArguments)} does not allow to set ${shortened(variable(first!) ?? "")}` };
  for (const rule of ofEnvironment) {
    const cwd = directoryIn(rule, asked);
    if (cwd !== undefined) return { cwd };
  }
  return { reason: `${namesOf(ofEnvironment)} does not allow to run it in ${shortened(asked.cwd ?? "")}` };
}

function matches(pattern: ArgumentsPattern, args: readonly string[]): boolean {
  const isLong = pattern.isOpen ? args.length >= pattern.arguments.length : args.length === pattern.arguments.length;
  return isLong && pattern.arguments.every((each, index) => matchesText(each, args[index] ?? ""));
}

function refusedVariable({ environment }: CommandRule, { env }: AskedCommand): string | undefined {
  return Object.keys(env).find((name) => !environment.some((pattern) => matchesText(pattern, name)));
}

/** By its path as it is written: what a link in there leads to is the operator's doing. */
function directoryIn({ directories }: CommandRule, { cwd }: AskedCommand): string | undefined {
  if (cwd === undefined) return directories[0] ?? nowhere;
  const path = posix.normalize(cwd).replace(/(?<=.)\/$/, "");
  return directories.some((directory) => path === directory || path.startsWith(`${directory}/`)) ? path : undefined;
}

function namesOf(rules: readonly CommandRule[]): string {
  return `rule ${rules
    .slice(0, 3)
    .map(({ name }) => `"${name}"`)
    .join(", ")}`;
}
