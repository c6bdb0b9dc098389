/** How a process of a sandbox is started: by the nursery, through a chain of programs that each become the next one, so that what the agent waits for is the
 *  process itself: a shell that enters the control groups, nsenter(1) that enters the namespaces, and inside them env(1) with the environment, where the caller gave one. That
 *  comes so late because nothing of the guest's may reach a program of the host: `LD_PRELOAD` would have root run the guest's code. */
import { closeSync, openSync, writeFileSync } from "node:fs";
import { Socket } from "node:net";
import type { Writable } from "node:stream";
import { YardError } from "../../platform/errors.ts";
import type { Cgroup } from "../../platform/process/cgroups.ts";
import { kernel } from "../../platform/process/kernel.ts";
import { type Child, type PrintsTo, startError, textFile } from "../processes/child.ts";
import { assertText } from "../processes/process-text.ts";
import type { ProcessSpec } from "../sandbox.ts";
import { hasEntered } from "./entrance.ts";
import type { Nursery } from "./nursery.ts";
import { checkDirectoryInside, findProgramInside, findUserInside, isDirectoryInside } from "./program.ts";
import type { Realm } from "./realm.ts";
import { startInOwnTerminal } from "./terminal.ts";

export interface InsideCommand {
  /** From the namespaces on: arguments of nsenter. */
  readonly entering: readonly string[];
  readonly file: string;
  /** Of the programs in the chain, `NAME=value`. */
  readonly environment: readonly string[];
}

const standardPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/** Of the programs of the host in the chain. */
const ownEnvironment = [`PATH=${standardPath}`];
const environmentProgram = ["/usr/bin/env", "-i", "--"];

/** @throws {YardError} invalid, with `field` */
export function buildInside(spec: ProcessSpec, realm: Realm, marks: Readonly<Record<string, string>>): InsideCommand {
  assertText(spec);
  const { root } = realm;
  const user = findUserInside(root, spec.user);
  const cwd = spec.cwd ?? (isDirectoryInside(root, user.home) ? user.home : "/");
  checkDirectoryInside(root, cwd);
  const identity = { HOME: user.home, USER: user.name, LOGNAME: user.name, SHELL: user.shell };
  const env = { PATH: standardPath, ...identity, ...spec.facts, ...spec.env, ...marks };
  const [name = "", ...args] = spec.argv;
  const file = findProgramInside(root, name, { cwd, path: env.PATH });
  if (file.includes("=")) {
    throw new YardError("invalid", `${file} holds a "=": env(1) would take it for a variable.`, { field: "argv" });
  }
  const variables = Object.entries(env).map(([variable, value]) => `${variable}=${value}`);
  const ids = [`--setuid=${user.uid}`, `--setgid=${user.gid}`, `--wdns=${cwd}`];
  const entering = [...realm.entering, ...ids, "--"];
  // None but ours means nothing to the host's programs, so they may have it too: one program less.
  const isOurs = Object.keys(spec.env ?? {}).length === 0;
  if (isOurs) return { entering: [...entering, file, ...args], file, environment: variables };
  return {
    entering: [...entering, ...environmentProgram, ...variables, file, ...args],
    file,
    environment: ownEnvironment,
  };
}

/** @param nsenter its path on the host
 *  @throws {YardError} invalid, unavailable (no more processes), storage_full */
export async function startInside(
  command: InsideCommand,
  parts: {
    spec: ProcessSpec;
    realm: Realm;
    nursery: Nursery;
    nsenter: string;
    cgroup: Cgroup;
    logs: PrintsTo;
    rootId: number;
    directory: string;
  },
): Promise<Child> {
  const { spec, realm, nursery, logs, rootId } = parts;
  const [file = "", ...args] = parts.cgroup.joining([parts.nsenter, ...command.entering]);
  const owner = { uid: rootId, gid: rootId };
  using descriptors = new DisposableStack();
  const ours = (fd: number) => descriptors.adopt(fd, closeSync); // the child has its own copies
  const birth = async (place: { stdio: readonly number[]; terminal?: string }) => {
    try {
      const request = { file, argv: [file, ...args], cwd: "/", env: command.environment, ...place };
      const child = await nursery.spawn(realm.pid, request);
      offerToOutOfMemory(child.pid);
      return { ...child, independent: hasEntered(child.pid, child.exited) };
    } catch (error) {
      throw error instanceof YardError ? error : startError(error, command.file);
    }
  };
  const output = logs.output.openForAppending(owner);
  if (spec.terminal) {
    return startInOwnTerminal({ realm, rootId, size: spec.terminal, output, birth });
  }
  ours(output);
  const errors = logs.errors ? ours(logs.errors.openForAppending(owner)) : output;
  let stdin: Writable | undefined;
  let input: number;
  if (spec.stdin === "open") {
    const { readEnd, writeEnd } = kernel().pipe();
    input = ours(readEnd);
    stdin = writerOf(writeEnd);
  } else {
    input = ours(
      typeof spec.stdin === "object" ? textFile(spec.stdin.text, parts.directory, owner) : openSync("/dev/null", "r"),
    );
  }
  try {
    return { ...(await birth({ stdio: [input, output, errors] })), stdin };
  } catch (error) {
    stdin?.destroy();
    throw error;
  }
}

/** When memory runs out, one of these goes before the sandbox's first process, with which all would. */
function offerToOutOfMemory(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, "100");
  } catch {
    // It has ended already.
  }
}

function writerOf(fd: number): Writable {
  const socket = new Socket({ fd, readable: false, writable: true });
  socket.on("error", () => {}); // EPIPE: it has closed its input or ended, which is its right
  return socket;
}
