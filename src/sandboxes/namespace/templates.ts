/** What sandboxes start from. A template is a directory `templates/<name>` with the tree of a root file system, which no sandbox ever changes.
 *
 *  `minimal` needs nothing to be fetched: its programs are the host's own, shown read-only, and its tree holds only what a root file system
 *  needs besides. Nothing of the host's `/etc`, `/home`, `/root` or `/var` is in it but the few files named here. */
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { chmod, mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { YardError } from "../../platform/errors.ts";
import { newId } from "../../platform/ids.ts";
import { maxTarBytes, readTar } from "../../platform/trees/tar.ts";
import { type WriteLimits, writeDirectory } from "../../platform/trees/write-directory.ts";
import { assertId } from "../processes/ids.ts";

/** One directory of a root file system, and where its unchanging part is on the host. */
export interface Layer {
  readonly at: string;
  readonly from: string;
}

export interface Templates {
  /** The root first. @throws {YardError} not_found */
  layersOf(name: string): readonly Layer[];
  names(): readonly string[];
  /** Makes a template of a tar archive of a root file system: all of it, or nothing.
   *  @throws {YardError} invalid, too_large, conflict (there is one of that name), storage_full */
  importTar(name: string, archive: Readable, limits: WriteLimits): Promise<void>;
  /** @throws {YardError} not_found, precondition; conflict, while a sandbox of it is there */
  remove(name: string): Promise<void>;
}

export const minimalTemplate = "minimal";

/** Of the host's root directory: programs, and what they are linked with. */
const systemDirectories = ["bin", "lib", "lib32", "lib64", "libx32", "sbin", "usr"];
const emptyDirectories = [
  "dev",
  "etc",
  "home",
  "mnt",
  "opt",
  "proc",
  "run",
  "srv",
  "var",
  "var/cache",
  "var/lib",
  "var/log",
];
/** What programs look up, and nothing that is anybody's own. Certificates are the public ones. */
const fromEtc = [
  "alternatives", "bash.bashrc", "ca-certificates.conf", "debian_version", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "mime.types",
  "nsswitch.conf", "os-release", "profile", "protocols", "services", "ssl/certs", "ssl/openssl.cnf", "terminfo",
]; // biome-ignore format: a table

const written: Readonly<Record<string, string>> = {
  "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n",
  "etc/group": "root:x:0:\ntty:x:5:\nusers:x:100:\nnogroup:x:65534:\n",
  "etc/hosts": "127.0.0.1 localhost\n::1 localhost\n",
  "etc/resolv.conf": "",
};

/** @param isInUse whether a sandbox is there that started from that tree: what lies below an overlay must not change */
export function openTemplates(directory: string, isInUse: (tree: string) => boolean): Templates {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(directory)) {
    const tree = join(directory, name);
    if (name.startsWith(".") && !isInUse(tree)) rmSync(tree, { recursive: true, force: true });
  }
  const minimal = join(directory, `.${newId(minimalTemplate, Date.now())}`);
  function treeOf(name: string): string {
    if (name !== minimalTemplate) return join(directory, name);
    if (!existsSync(minimal)) makeMinimal(minimal);
    return minimal;
  }

  function requireTemplate(name: string): string {
    assertId(name, "template");
    const tree = treeOf(name);
    if (name !== "." && name !== ".." && existsSync(tree)) return tree;
    throw new YardError("not_found", `This host has no template ${name}. Import it first.`, { field: "template" });
  }

  return {
    layersOf(name) {
      const root: Layer = { at: "/", from: requireTemplate(name) };
      if (name !== minimalTemplate) return [root];
      const shared = systemDirectories.filter((one) => isDirectory(`/${one}`));
      return [root, ...shared.map((one) => ({ at: `/${one}`, from: `/${one}` }))];
    },
    names: () => [minimalTemplate, ...readdirSync(directory).filter((name) => !name.startsWith("."))],
    async importTar(name, archive, limits) {
      assertId(name, "template");
      const taken = new YardError("conflict", `There is a template ${name} already. Remove it first.`, {
        field: "name",
      });
      if (name.startsWith(".")) throw new YardError("invalid", `${name} begins with a dot.`, { field: "name" });
      if (existsSync(treeOf(name))) throw taken;
      const stage = join(directory, `.${newId("import", Date.now())}`);
      try {
        await writeDirectory(stage, readTar(archive, { maxBytes: maxTarBytes(limits) }), limits);
        for (const one of ["dev", "proc", "tmp"]) await mkdir(join(stage, one), { recursive: true });
        await chmod(join(stage, "tmp"), 0o1777);
        await rename(stage, treeOf(name)).catch((error) => {
          throw existsSync(treeOf(name)) ? taken : error;
        });
      } finally {
        await rm(stage, { recursive: true, force: true });
      }
    },
    async remove(name) {
      if (name === minimalTemplate) {
        throw new YardError("precondition", "The template minimal is always there.", { field: "name" });
      }
      const tree = requireTemplate(name);
      if (isInUse(tree)) {
        throw new YardError("conflict", `Sandboxes of template ${name} are there: destroy them first.`, {
          field: "name",
        });
      }
      await rm(tree, { recursive: true, force: true });
    },
  };
}

/** Made anew after each start, as the host's files may have changed. */
function makeMinimal(tree: string): void {
  for (const one of emptyDirectories) mkdirSync(join(tree, one), { recursive: true });
  mkdirSync(join(tree, "root"), { mode: 0o700 });
  for (const one of ["tmp", "var/tmp"]) {
    mkdirSync(join(tree, one));
    chmodSync(join(tree, one), 0o1777);
  }
  for (const one of systemDirectories) {
    if (isDirectory(`/${one}`)) mkdirSync(join(tree, one));
    else if (isLink(`/${one}`)) symlinkSync(readlinkSync(`/${one}`), join(tree, one));
  }
  for (const one of fromEtc) {
    if (!existsSync(`/etc/${one}`)) continue;
    mkdirSync(dirname(join(tree, "etc", one)), { recursive: true });
    cpSync(`/etc/${one}`, join(tree, "etc", one), { recursive: true, verbatimSymlinks: true });
  }
  for (const [path, text] of Object.entries(written)) writeFileSync(join(tree, path), text, { mode: 0o644 });
}

function isDirectory(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
}
