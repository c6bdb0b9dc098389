/** The root file system that needs nothing to be fetched: its programs are the host's own, shown read-only, and its tree holds only what a root file system
 *  needs besides. Nothing of the host's `/etc`, `/home`, `/root` or `/var` is in it but the few files named here. */
import { chmodSync, cpSync, existsSync, lstatSync, mkdirSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Of the host's root directory: programs, and what they are linked with. */
export const systemDirectories = ["bin", "lib", "lib32", "lib64", "libx32", "sbin", "usr"];
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

export function makeMinimalTree(tree: string): void {
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

export function isDirectory(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
}
