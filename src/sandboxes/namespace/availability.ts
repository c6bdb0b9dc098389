/** Whether sandboxes of namespaces can be had on this machine, found out by what they need, so that the answer names what is missing. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { isYardError } from "../../platform/errors.ts";
import { readHierarchies } from "../../platform/process/cgroup-hierarchies.ts";
import { findProgram } from "../../platform/process/program.ts";
import type { Availability } from "../sandbox.ts";
import { compileFilter } from "./seccomp.ts";

export interface Programs {
  readonly bwrap: string;
  readonly nsenter: string;
}

const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const run = promisify(execFile);

/** @returns undefined for one that is not installed */
export function findTool(name: string): string | undefined {
  try {
    return findProgram(name, { cwd: "/", path });
  } catch {
    return undefined;
  }
}

/** Asks whether all is there that can be looked up. */
export async function findPrograms(): Promise<{ readonly availability: Availability; readonly programs?: Programs }> {
  const missing = (reason: string, fix: string) => ({ availability: { usable: false, reason, fix } }) as const;
  if (process.platform !== "linux") return missing("namespaces are Linux'", "use another driver");
  if (process.geteuid?.() !== 0) {
    return missing("mounting a sandbox's root file system needs root, and this agent is not", "run the agent as root");
  }
  if (!mayMount())
    return missing("root may not mount here: CAP_SYS_ADMIN is gone", "run the agent outside of a container");
  const [bwrap, nsenter, unshare] = ["bwrap", "nsenter", "unshare"].map(findTool);
  if (!bwrap) return missing("bubblewrap is not installed", "apt-get install bubblewrap");
  if (!nsenter || !unshare) return missing("util-linux is not installed", "apt-get install util-linux");
  if (!(await hasOption(bwrap, "--bind-fd"))) return missing("bubblewrap has no --bind-fd", "install a newer one");
  if (!(await hasOption(nsenter, "--wdns")))
    return missing("nsenter has no --wdns", "install util-linux 2.38 or newer");
  const hierarchies = readHierarchies();
  const lacking = (["memory", "cpu", "pids"] as const).filter((controller) => !hierarchies.has(controller));
  if (lacking.length > 0) return missing(`there are no control groups for ${lacking.join(", ")}`, "mount them");
  try {
    compileFilter();
  } catch (error) {
    if (isYardError(error)) return missing(error.message, "use another driver");
    throw error;
  }
  return { availability: { usable: true }, programs: { bwrap, nsenter } };
}

function mayMount(): boolean {
  const CAP_SYS_ADMIN = 21n;
  const mask = /^CapEff:\s*([0-9a-f]+)/m.exec(readFileSync("/proc/self/status", "latin1"))?.[1];
  return mask !== undefined && ((BigInt(`0x${mask}`) >> CAP_SYS_ADMIN) & 1n) === 1n;
}

async function hasOption(program: string, option: string): Promise<boolean> {
  const { stdout } = await run(program, ["--help"], { timeout: 10_000 }).catch(() => ({ stdout: "" }));
  return stdout.includes(option);
}
