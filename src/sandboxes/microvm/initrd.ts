/** The initial RAM file system of all machines: our scripts, a static busybox, a server of SSH and one of SFTP with the libraries they need. Made of this host's own programs, once for
 *  each set of them: its name is that of what it holds. */
import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  chmodSync,
  copyFileSync,
  createWriteStream,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { newId } from "../../platform/ids.ts";
import { attendantScript } from "../container/inside/attendant-script.ts";
import { runScript } from "../container/inside/run-script.ts";
import { findBusybox } from "../container/tools.ts";
import { enterScript, guestScript, initScript, modules, sshdConfig } from "./inside/init-script.ts";
import { kernelCallsScript } from "./inside/kernel-calls.ts";
import { starterScript } from "./inside/starter.ts";
import type { Programs } from "./programs.ts";

const run = promisify(execFile);

interface Content {
  /** Path inside, to the bytes there. */
  readonly files: ReadonlyMap<string, { readonly bytes: Buffer; readonly mode: number }>;
  readonly links: readonly string[];
}

const passwd = "root:x:0:0:root:/:/enter\nsshd:x:101:65534::/run/sshd:/bin/false\n";
const group = "root:x:0:\ntty:x:5:\nnogroup:x:65534:\n";
const directories = [
  "cgroup",
  "dev",
  "inside",
  "keys",
  "mnt",
  "proc",
  "root",
  "run/sshd",
  "sys",
  "tools/bin",
  "tools/io",
];
/** All that a capsule sees of this. */
const tools = "tools/bin";

/** @param directory where it is kept   @returns its path and its hash */
export async function ensureInitrd(programs: Programs, directory: string): Promise<{ path: string; hash: string }> {
  const content = await collect(programs);
  const hash = hashOf(content);
  const path = join(directory, `initrd-${hash}`);
  if (!existsSync(path)) await build(content, path, programs.cpio);
  return { path, hash };
}

async function collect({ busybox, sshd, sftpServer, perl, kernel }: Programs): Promise<Content> {
  const files = new Map<string, { bytes: Buffer; mode: number }>();
  const add = (path: string, bytes: Buffer | string, mode = 0o644) => {
    files.set(path, { bytes: Buffer.from(bytes), mode });
  };
  add("init", initScript, 0o755);
  add("guest", guestScript);
  add("enter", enterScript, 0o755);
  add("kernel-calls", kernelCallsScript);
  add("starter", starterScript);
  add("tools/run", runScript);
  add("tools/attendant", attendantScript);
  add("etc/passwd", passwd);
  add("etc/group", group);
  add("etc/ssh/sshd_config", sshdConfig);
  add("tools/bin/busybox", readFileSync(busybox), 0o755);
  for (const program of [sshd, sftpServer, perl]) {
    add(join("sbin", basename(program)), readFileSync(program), 0o755);
    for (const library of await librariesOf(program)) add(library.slice(1), readFileSync(library), 0o755);
  }
  const there = modules.filter((one) => existsSync(join(kernel.modules, `${one}.ko`)));
  for (const one of there) add(join("modules", `${basename(one)}.ko`), readFileSync(join(kernel.modules, `${one}.ko`)));
  add("modules/order", there.map((one) => `${basename(one)}.ko\n`).join(""));
  return { files, links: (await findBusybox())?.applets ?? [] };
}

/** As the dynamic linker of this host finds them. */
async function librariesOf(program: string): Promise<string[]> {
  const { stdout } = await run("ldd", [program], { timeout: 10_000 });
  return stdout.split("\n").flatMap((line) => /(?:=> |^\s+)(\/\S+) \(0x/.exec(line)?.[1] ?? []);
}

function hashOf({ files, links }: Content): string {
  const hash = createHash("sha256").update(links.join());
  for (const [path, { bytes, mode }] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(`\0${path}\0${mode}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest("hex").slice(0, 16);
}

async function build({ files, links }: Content, path: string, busybox: string): Promise<void> {
  const tree = `${path}.${newId("tree")}`;
  try {
    for (const name of directories) mkdirSync(join(tree, name), { recursive: true });
    for (const [name, { bytes, mode }] of files) {
      const file = join(tree, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, bytes);
      chmodSync(file, mode);
    }
    for (const applet of links) symlinkSync("busybox", join(tree, tools, applet));
    symlinkSync(tools, join(tree, "bin"));
    await archive(tree, `${tree}.cpio`, busybox);
    chmodSync(`${tree}.cpio`, 0o644);
    renameSync(`${tree}.cpio`, path);
  } finally {
    rmSync(tree, { recursive: true, force: true });
    rmSync(`${tree}.cpio`, { force: true });
  }
}

/** Not compressed: that takes an emulated processor longer than reading it takes a disk. */
async function archive(tree: string, path: string, busybox: string): Promise<void> {
  const script = `cd "$1" && "$2" find . | "$2" cpio -o -H newc`;
  const child = spawn("/bin/sh", ["-c", script, "sh", tree, busybox], { stdio: ["ignore", "pipe", "ignore"] });
  const exited = once(child, "exit");
  await pipeline(child.stdout, createWriteStream(path));
  const [code] = await exited;
  if (code !== 0) throw new Error(`cpio has ended with ${code}`);
}

/** Beside the images, so that a newer package does not take away what saved machines were started with. */
export function keepKernel({ kernel }: Programs, directory: string): { path: string; hash: string } {
  const hash = createHash("sha256").update(readFileSync(kernel.image)).digest("hex").slice(0, 16);
  const path = join(directory, `kernel-${hash}`);
  if (!existsSync(path)) {
    const draft = `${path}.${newId("draft")}`;
    copyFileSync(kernel.image, draft);
    chmodSync(draft, 0o644);
    renameSync(draft, path);
  }
  return { path, hash };
}
