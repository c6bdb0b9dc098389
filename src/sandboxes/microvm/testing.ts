/** For tests of the driver: the golden image that most machines start from, made once and kept between runs, as it takes a boot under emulation. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  constants,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { errnoOf } from "../../platform/errors.ts";
import { listPids } from "../../platform/process/procfs.ts";
import { skipUnless } from "../../platform/testing/parts.ts";
import { temporaryDirectory } from "../../platform/testing/temporary-directory.ts";
import { type MicrovmOptions, openMicrovmDriver } from "./driver.ts";
import { ensureInitrd, keepKernel } from "./initrd.ts";
import { findPrograms, kernelDirectory, type Programs } from "./programs.ts";

/** Why machines cannot be tested here. */
export function skipWithoutMachines(): string | false {
  const { availability } = findPrograms();
  if (availability.usable) return false;
  return skipUnless(false, availability.reason, availability.fix ?? "");
}

/** Numbers of the emulators of one machine: one or none.
 *  @param directory of its driver */
export function emulatorsOf(directory: string, id: string): number[] {
  const group = `microvm-${readFileSync(join(directory, "owner"), "latin1")}-${id}`;
  return listPids().filter((pid) => {
    try {
      const [groups, program] = ["cgroup", "comm"].map((file) => readFileSync(`/proc/${pid}/${file}`, "latin1"));
      return program?.startsWith("qemu") && groups?.includes(group);
    } catch {
      return false; // it has ended
    }
  });
}

/** Puts the golden image of the smallest machine where a driver will look for it.
 *  @param directory a driver's `imagesDirectory`, which is not open */
export async function lendGoldenImage(directory: string): Promise<void> {
  const { programs } = findPrograms();
  if (!programs) return;
  copyTree(await ensureGoldenImage(programs), directory);
}

/** An agent of its own, which does that with its `driver` and stays until it is killed. */
export function startAgent(options: MicrovmOptions, what: string): ChildProcess {
  const program = `
    import { openMicrovmDriver } from ${JSON.stringify(import.meta.resolve("./driver.ts"))};
    const driver = await openMicrovmDriver(${JSON.stringify(options)});
    setInterval(() => {}, 1_000);
    await ${what};`;
  return spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: ["ignore", "ignore", "inherit"] });
}

export async function killAgent(agent: ChildProcess): Promise<void> {
  const ended = once(agent, "exit");
  agent.kill("SIGKILL");
  await ended;
}

const cache = join(dirname(kernelDirectory), "machines");

/** By what it is made of. Several may make it at the same moment: one is kept. */
async function ensureGoldenImage(programs: Programs): Promise<string> {
  mkdirSync(cache, { recursive: true, mode: 0o700 });
  const draft = mkdtempSync(join(cache, "draft-"));
  try {
    const [kernel, initrd] = [keepKernel(programs, draft).hash, (await ensureInitrd(programs, draft)).hash];
    const made = join(cache, `${kernel}-${initrd}`);
    if (existsSync(made)) return made;
    const images = join(draft, "images");
    using directory = temporaryDirectory();
    await using driver = await openMicrovmDriver({ directory: directory.path, imagesDirectory: images });
    const sandbox = await driver.create({ id: "first" });
    await sandbox.destroy();
    for (const older of readdirSync(cache)) {
      if (!older.startsWith("draft-")) rmSync(join(cache, older), { recursive: true, force: true });
    }
    renameSync(images, made);
    return made;
  } catch (error) {
    if (errnoOf(error) === "ENOTEMPTY") return ensureGoldenImage(programs); // somebody was quicker
    throw error;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** What is in the store is never changed: it need not be there twice. */
function copyTree(from: string, to: string): void {
  mkdirSync(to, { recursive: true, mode: 0o700 });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) copyTree(source, target);
    else if (entry.name.startsWith("disk_") || entry.name.startsWith("memory_")) link(source, target);
    else copyFileSync(source, target, constants.COPYFILE_FICLONE);
  }
}

function link(source: string, target: string): void {
  try {
    linkSync(source, target);
  } catch (error) {
    if (errnoOf(error) !== "EXDEV") throw error;
    copyFileSync(source, target, constants.COPYFILE_FICLONE);
  }
}
