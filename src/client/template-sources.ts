/** Where a root file system comes from that becomes a template: each is a tar archive, made on this machine as it is read. */
import { existsSync, statSync } from "node:fs";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { YardError } from "../platform/errors.ts";
import { findProgram } from "../platform/process/program.ts";
import { programOutput } from "../platform/process/program-output.ts";
import { inert } from "./inert.ts";
import { openArchive } from "./templates.ts";

export interface DebianRoot {
  /** `bookworm`, say. */
  readonly suite: string;
  /** Besides what every root of it has. */
  readonly packages: readonly string[];
  /** URL that its packages come from; Debian's own if absent. */
  readonly mirror?: string;
}

const suitePattern = /^[a-z][a-z0-9-]{0,62}$/;
/** As Debian's policy has them, with the version or architecture that apt takes behind one. */
const packagePattern = /^[a-z0-9][a-z0-9+.-]*(?::[a-z0-9]+)?(?:=[A-Za-z0-9.+:~-]+)?$/;
const mirrorPattern = /^(?:https?|file|copy):\/\/?[^\s-][^\s]*$/;

/** @param from a directory, a tar archive (`-`: standard input), or else an image of this machine's Docker engine
 *  @throws {YardError} invalid: there is none of them */
export async function openRoot(from: string, signal: AbortSignal): Promise<Readable> {
  if (from !== "-" && existsSync(from) && statSync(from).isDirectory()) return directoryRoot(from, signal);
  if (from === "-" || existsSync(from)) return openArchive(from);
  if (/^(?:\.{0,2}\/|~)/.test(from)) throw new YardError("invalid", `There is no ${from}.`, { field: "from" });
  return imageRoot(from, signal);
}

/** As `tar` reads it: with its owners, where whoever asks may see them. What other file systems hold there is left out. */
function directoryRoot(path: string, signal: AbortSignal): Readable {
  const argv = ["tar", "--create", "--numeric-owner", "--one-file-system", "--directory", path, "."];
  const explain = (said: string) =>
    new YardError("invalid", `${path} cannot be read whole: ${inert(lastLine(said))}.`, { field: "from" });
  return Readable.from(programOutput(argv, { signal, explain }), { objectMode: false });
}

/** Of a container that is made of it, never started, and removed. By Docker's own command, which finds its engine as its user has set it up. */
async function imageRoot(image: string, signal: AbortSignal): Promise<Readable> {
  const made = docker(["create", "--pull", "never", "--", image, "true"], signal, (said) => explainImage(image, said));
  const container = (await text(made)).trim();
  const remove = () =>
    text(docker(["rm", "--force", container], new AbortController().signal, (said) => noDocker(lastLine(said))));
  async function* content(): AsyncGenerator<Uint8Array> {
    try {
      yield* docker(["export", container], signal, (said) => noDocker(lastLine(said)));
    } finally {
      await remove();
    }
  }
  return Readable.from(content(), { objectMode: false });
}

function docker(args: readonly string[], signal: AbortSignal, explain: (said: string) => Error) {
  const { RUNYARD_DOCKER_SOCKET: socket } = process.env;
  const env = socket === undefined ? process.env : { ...process.env, DOCKER_HOST: `unix://${socket}` };
  const program = requireProgram("docker", "exports images: apt-get install docker.io");
  return programOutput([program, ...args], { signal, explain, env });
}

function explainImage(image: string, said: string): YardError {
  if (!/no such image/i.test(said)) return noDocker(lastLine(said));
  const message = `There is no file ${image}, and the Docker engine of this machine has no image of that name: docker pull ${image}`;
  return new YardError("invalid", message, { field: "from" });
}

const noDocker = (said: string) => new YardError("unavailable", `The Docker engine gives no image: ${inert(said)}.`);

/** The smallest Debian with these packages. @throws {YardError} invalid; precondition, without mmdebstrap */
export function debianRoot({ suite, packages, mirror }: DebianRoot, signal: AbortSignal): Readable {
  requireFit(suitePattern, suite, "debian", "bookworm");
  for (const one of packages) requireFit(packagePattern, one, "packages", "python3");
  if (mirror !== undefined) requireFit(mirrorPattern, mirror, "mirror", "https://mirror.example/debian");
  const include = packages.length > 0 ? [`--include=${packages.join(",")}`] : [];
  const program = requireProgram("mmdebstrap", "makes roots of Debian: apt-get install mmdebstrap");
  const argv = [program, "--variant=minbase", "--format=tar", ...include, suite, "-"];
  const explain = (said: string) => {
    const reason = inert(errorsIn(said) || lastLine(said)) || "it was ended";
    const advice = `Its packages come from ${mirror ?? "Debian's own servers"}: where this machine cannot reach them, name a mirror that it can with --mirror URL.`;
    return new YardError("unavailable", `mmdebstrap cannot make ${suite}: ${reason}. ${advice}`);
  };
  const output = programOutput([...argv, ...(mirror === undefined ? [] : [mirror])], { signal, explain });
  return Readable.from(output, { objectMode: false });
}

function requireFit(pattern: RegExp, text: string, field: string, example: string): void {
  if (pattern.test(text)) return;
  throw new YardError("invalid", `--${field}: ${inert(text)} is none. It looks like ${example}.`, { field });
}

/** @param what it does, and where it comes from  @throws {YardError} precondition */
function requireProgram(name: string, what: string): string {
  try {
    return findProgram(name, { cwd: "/", path: process.env.PATH ?? "" });
  } catch (cause) {
    throw new YardError("precondition", `There is no ${name} on this machine, which ${what}`, { cause });
  }
}

/** As mmdebstrap and apt mark them. */
function errorsIn(said: string): string {
  const lines = said.split("\n").filter((line) => /^E: /.test(line));
  return [...new Set(lines)].slice(0, 3).join(" ").replace(/\.$/, "");
}

function lastLine(said: string): string {
  return (said.split("\n").findLast((line) => line.trim() !== "") ?? "").replace(/\.$/, "");
}
