/** What is handed to the kernel for a ProcessSpec: program, arguments, directory, environment and user, checked beforehand so that what
 *  is wrong has a clear error with its field. */
import { statSync } from "node:fs";
import { homedir } from "node:os";
import { errnoOf, YardError } from "../../platform/errors.ts";
import type { Cgroup } from "../../platform/process/cgroups.ts";
import { findProgram } from "../../platform/process/program.ts";
import { findOsUser, type OsUser } from "../../platform/process/users.ts";
import type { Command } from "../processes/child.ts";
import { assertText } from "../processes/process-text.ts";
import type { ProcessSpec } from "../sandbox.ts";

export interface Surroundings {
  readonly inherited: Readonly<Record<string, string>>;
  readonly marks: Readonly<Record<string, string>>;
}

const standardPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const inherited = /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_[A-Z]+|TZ|TMPDIR)$/;

/** What a process gets of the agent's own environment: none of the yard's settings and secrets. */
export function inheritedEnvironment(own: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  const env: Record<string, string> = { PATH: standardPath };
  for (const [name, value] of Object.entries(own)) if (value !== undefined && inherited.test(name)) env[name] = value;
  return env;
}

/** @param surroundings.inherited what every process gets
 *  @param surroundings.marks variables by which the process and all it starts are recognised
 *  @throws {YardError} invalid or precondition, with `field` */
export function buildCommand(spec: ProcessSpec, surroundings: Surroundings): Command {
  assertText(spec);
  const owner = switchTo(spec.user);
  const env = { ...surroundings.inherited, ...identityOf(owner), ...spec.facts, ...spec.env, ...surroundings.marks };
  const cwd = spec.cwd ?? defaultDirectory(owner);
  checkDirectory(cwd);
  const [name = "", ...args] = spec.argv;
  const file = findProgram(name, { cwd, path: env.PATH ?? standardPath });
  if (!owner) return { file, args, argv0: name, cwd, env };
  const setpriv = findSetpriv();
  if (!setpriv) return { file, args, argv0: name, cwd, env, uid: owner.uid, gid: owner.gid, owner };
  // setpriv(1) also takes over the user's supplementary groups, which Node's own switch does not.
  const identity = [`--reuid=${owner.uid}`, `--regid=${owner.gid}`, "--init-groups", "--"];
  return { file: setpriv, args: [...identity, file, ...args], argv0: setpriv, cwd, env, owner };
}

/** The same command, in a control group from its first instruction on. */
export function inCgroup(command: Command, cgroup: Cgroup): Command {
  const [file = "", ...args] = cgroup.joining([command.file, ...command.args]);
  return { ...command, file, args, argv0: file };
}

/** @returns undefined if that is the user the agent runs as already */
function switchTo(name: string | undefined): OsUser | undefined {
  if (name === undefined) return undefined;
  const user = findOsUser(name);
  if (!user) throw new YardError("invalid", `This host has no user ${JSON.stringify(name)}.`, { field: "user" });
  if (user.uid === process.getuid?.()) return undefined;
  if (process.getuid?.() !== 0) {
    const message = `Running a process as ${name} needs an agent that runs as root.`;
    throw new YardError("precondition", message, { field: "user" });
  }
  return user;
}

function identityOf(owner: OsUser | undefined): Readonly<Record<string, string>> {
  return owner ? { HOME: owner.home, USER: owner.name, LOGNAME: owner.name, SHELL: owner.shell } : {};
}

/** The user's home, or `/` for one who has none. */
function defaultDirectory(owner: OsUser | undefined): string {
  const home = owner?.home ?? homedir();
  return statSync(home, { throwIfNoEntry: false })?.isDirectory() ? home : "/";
}

function checkDirectory(cwd: string): void {
  if (!cwd.startsWith("/")) {
    throw new YardError("invalid", `The working directory must be an absolute path, not ${cwd}.`, { field: "cwd" });
  }
  try {
    if (statSync(cwd).isDirectory()) return;
  } catch (error) {
    throw new YardError("invalid", `The working directory ${cwd} cannot be used (${errnoOf(error)}).`, {
      field: "cwd",
    });
  }
  throw new YardError("invalid", `The working directory ${cwd} is not a directory.`, { field: "cwd" });
}

let setprivPath: string | null | undefined;

function findSetpriv(): string | undefined {
  if (setprivPath === undefined) {
    try {
      setprivPath = findProgram("setpriv", { cwd: "/", path: standardPath });
    } catch {
      setprivPath = null; // a system without util-linux
    }
  }
  return setprivPath ?? undefined;
}
