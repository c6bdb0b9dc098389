/** How an engine's process is started: by Node itself, with nothing of ours in its environment and as little as it can do with. */
import { createRequire } from "node:module";
import { dirname, extname, resolve } from "node:path";
import { isYardError } from "../../platform/errors.ts";
import { findProgram } from "../../platform/process/program.ts";

/** Node itself with the program loaded, in MiB of its data segment. Measured at rest on two cores: 630, of which 115 are in use; the rest are stacks of
 *  threads and room for V8's heap, which grow with the cores. */
const ownMemoryMb = 1_024;
/** Of JavaScript objects of the process: syntax trees, not the script's memory. */
const objectsMb = 256;
/** The memory itself, the image it was loaded from, as it came and as it is kept, the copy that is kept of the new one, and one to spare. */
const copiesOfMemory = 6;

const entry = resolve(import.meta.dirname, `engine-process${extname(import.meta.filename)}`);

/** @param maxMemoryMb the most that an execution may be granted */
export function engineCommand(maxMemoryMb: number): { file: string; args: string[] } {
  const node = [
    process.execPath,
    `--max-old-space-size=${objectsMb}`,
    "--permission", // no processes, no threads, no addons, no writing, no reading but of the program
    ...readablePaths().map((path) => `--allow-fs-read=${path}`),
    "--disable-warning=ExperimentalWarning",
    "--disable-proto=throw",
    "--disallow-code-generation-from-strings",
    "--no-addons",
    entry,
  ];
  // Of the system's means this limits what is really written to, and leaves V8 the terabytes of address space that it only reserves.
  const dataBytes = (ownMemoryMb + copiesOfMemory * maxMemoryMb) * 1024 ** 2;
  const wrapped = [
    ...wrapper("prlimit", `--data=${dataBytes}`, "--core=0"),
    ...wrapper("setpriv", "--pdeathsig", "KILL"), // an engine that never listens again does not outlive us
    ...node,
  ];
  const [file = process.execPath, ...args] = wrapped;
  return { file, args };
}

/** The program with its arguments, where the machine has it. */
function wrapper(name: string, ...args: string[]): string[] {
  try {
    return [findProgram(name, { cwd: "/", path: process.env.PATH ?? "" }), ...args];
  } catch (error) {
    if (isYardError(error, "invalid")) return [];
    throw error;
  }
}

/** Our own sources, and the packages that an engine loads. */
function readablePaths(): string[] {
  const require = createRequire(import.meta.url);
  const packages = [
    ...["quickjs-wasi", "acorn", "event-target-shim", "abortcontroller-polyfill"],
    ...["web-streams-polyfill", "formdata-node", "form-data-encoder"],
  ];
  const found = packages.map((name) => dirname(require.resolve(`${name}/package.json`)));
  const sources = resolve(import.meta.dirname, "../..");
  return [...[sources, ...found].map((directory) => `${directory}/*`), resolve(sources, "../package.json")];
}
