/** The text of a failure: name, message and stack, with positions in the user's own source. */
import type { CompiledScript } from "./compile.ts";
import type { DescribedError } from "./guest/guest-host.ts";
import type { ExecutionFailure } from "./outcome.ts";

const maxCharacters = 16_000;
const outOfMemory = "out of memory";

/** @param script absent if the error came before it was compiled */
export function describeFailure(
  { name, message, stack, isExhausted }: DescribedError & { readonly isExhausted: boolean },
  { name: file, limits }: { readonly name: string; readonly limits: { readonly memoryMb: number } },
  script: CompiledScript | undefined,
): ExecutionFailure {
  const isOutOfMemory = name === "InternalError" && message === outOfMemory;
  if (isOutOfMemory || (isExhausted && name === undefined && message === "null"))
    return { kind: "out_of_memory", message: `Out of memory: the script needs more than its ${limits.memoryMb} MiB` };
  const lines = stack.split("\n").filter((line) => line !== "");
  const own = lines.map((line) => withOwnPositions(line, file, script)).filter((line) => line !== undefined);
  const title = name === undefined ? `Uncaught ${message}` : message === "" ? name : `${name}: ${message}`;
  return { kind: "thrown", message: [title, ...own].join("\n").slice(0, maxCharacters) };
}

/** The line of a stack as it concerns the user, or undefined: what stands around the script is no business of theirs. */
function withOwnPositions(line: string, file: string, script: CompiledScript | undefined): string | undefined {
  if (line.includes("runyard:globals")) return undefined;
  if (script?.kind === "function" && line.includes(`at <eval> (${file}:`)) return undefined;
  const at = line.indexOf(`${file}:`);
  const found = at < 0 ? null : /^(\d+):(\d+)/.exec(line.slice(at + file.length + 1));
  if (found === null) return line;
  const position = script?.locate({ line: Number(found[1]), column: Number(found[2]) });
  // The engine notes no position for `null.x`: it gives that of the function around it, which at the top is ours.
  const where = position === undefined ? "" : `:${position.line}:${position.column}`;
  const rest = line.slice(at + file.length + 1 + found[0].length);
  return `${line.slice(0, at)}${file}${where}${rest}`;
}
