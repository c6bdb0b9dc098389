/** Which of a sandbox's processes are commands, by what was kept with them. */
import { Type } from "typebox";
import { Compile } from "typebox/compile";
import { YardError } from "../../platform/errors.ts";
import type { Inhabitant, Process } from "../../sandboxes/sandbox.ts";
import type { RunningCommand } from "./commands.ts";
import type { CommandKind } from "./process-spec.ts";

export interface Recognised {
  readonly process: Process;
  readonly kind: CommandKind;
  readonly command: RunningCommand;
}

/** As `processSpecOf` wrote it. */
const Meta = Compile(
  Type.Object({
    kind: Type.Union([Type.Literal("run"), Type.Literal("background"), Type.Literal("terminal")]),
    tag: Type.Optional(Type.String()),
    command: Type.String(),
    args: Type.Array(Type.String()),
  }),
);

/** @returns undefined for a process that is none of ours */
export function recognise(process: Process): Recognised | undefined {
  const { meta } = process;
  if (!Meta.Check(meta)) return undefined;
  const { kind, tag, command, args } = meta;
  return { process, kind, command: { pid: process.pidInside ?? process.pid, tag, command, args } };
}

/** Those that have not ended. */
export function runningAmong(processes: readonly Process[]): Recognised[] {
  return processes.flatMap((process) => (process.exit ? [] : (recognise(process) ?? [])));
}

/** What runs besides those. */
export function othersAmong(
  inhabitants: readonly Inhabitant[],
  ours: readonly RunningCommand[],
): readonly RunningCommand[] {
  const known = new Set(ours.map(({ pid }) => pid));
  return inhabitants
    .filter(({ pid }) => !known.has(pid))
    .map(({ pid, argv: [command = "", ...args] }) => ({ pid, command, args }));
}

const largestPid = 2 ** 32 - 1;

/** @returns undefined for what is a tag: anything but digits, and more than a pid can be */
export function pidOf(selector: string): number | undefined {
  return /^\d+$/.test(selector) && Number(selector) <= largestPid ? Number(selector) : undefined;
}

/** @param selector a pid, or a tag, of which any one is taken. @throws {YardError} not_found */
export function select(running: readonly Recognised[], selector: string): Recognised {
  const pid = pidOf(selector);
  const found = running.find(({ command }) => (pid === undefined ? command.tag === selector : command.pid === pid));
  if (found) return found;
  const what = pid === undefined ? `tag ${JSON.stringify(selector)}` : `pid ${pid}`;
  throw new YardError("not_found", `No command with the ${what} runs in this capsule.`);
}
