/** What machines are made of, on this host: the emulator, a kernel, and the programs that are put into each. Looked up by what is needed, so that the answer names
 *  what is missing. */
import { existsSync, globSync } from "node:fs";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import { findStaticBusybox } from "../../platform/process/static-busybox.ts";
import { findTool } from "../namespace/availability.ts";
import type { Availability } from "../sandbox.ts";

export interface Kernel {
  readonly image: string;
  /** Directory of its modules. */
  readonly modules: string;
  readonly version: string;
}

export interface Programs {
  readonly qemu: string;
  readonly qemuImg: string;
  readonly mkfs: string;
  readonly bwrap: string;
  readonly setpriv: string;
  readonly cpio: string;
  readonly kernel: Kernel;
  /** Put into every machine. */
  readonly busybox: string;
  readonly sshd: string;
  readonly sftpServer: string;
  readonly perl: string;
}

/** By the name that they have among the parts, with the Debian package that has them. */
const tools = {
  qemu: ["qemu-system-x86_64", "qemu-system-x86"],
  qemuImg: ["qemu-img", "qemu-utils"],
  mkfs: ["mkfs.ext4", "e2fsprogs"],
  bwrap: ["bwrap", "bubblewrap"],
  setpriv: ["setpriv", "util-linux"],
  sshd: ["sshd", "openssh-server"],
  perl: ["perl", "perl-base"],
} as const satisfies Partial<Record<keyof Programs, readonly [program: string, debianPackage: string]>>;

/** It is on no PATH: distributions keep it with its server. Debian's openssh-server depends on its package. */
const sftpServers = ["/usr/lib/openssh/sftp-server", "/usr/libexec/openssh/sftp-server", "/usr/lib/ssh/sftp-server"];

/** Where a kernel may be: installed, or its package's files alone, which is all that is needed of it. */
export const kernelDirectory = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "runyard", "kernel");
const kernelRoots = ["/", "/var/lib/runyard/kernel", kernelDirectory];
const neededModule = "kernel/drivers/char/virtio_console.ko*";

export type Found =
  | { readonly programs: Programs; readonly availability: { readonly usable: true } }
  | { readonly programs?: undefined; readonly availability: Availability & { readonly usable: false } };

export function findPrograms(): Found {
  const missing = (reason: string, fix: string): Found => ({ availability: { usable: false, reason, fix } });
  if (process.platform !== "linux" || process.arch !== "x64") {
    return missing("machines of this driver are x86-64 ones on Linux", "use another driver");
  }
  if (process.geteuid?.() !== 0) {
    return missing(
      "each machine gets a user and namespaces of its own, which only root gives",
      "run the agent as root",
    );
  }
  const found = Object.entries(tools).map(([part, [program]]) => [part, findTool(program)] as const);
  const lacking = found.filter(([, path]) => path === undefined).map(([part]) => tools[part as keyof typeof tools]);
  const sftpServer = sftpServers.find((path) => existsSync(path));
  const busybox = findStaticBusybox();
  const kernel = findKernel();
  const packages = [
    ...lacking.map(([, debianPackage]) => debianPackage),
    ...(sftpServer === undefined ? ["openssh-sftp-server"] : []),
    ...(busybox === undefined ? ["busybox-static"] : []),
    ...(kernel === undefined ? ["linux-image-cloud-amd64"] : []),
  ];
  if (packages.length > 0 || !sftpServer || !busybox || !kernel) {
    const names = [...new Set(packages)].join(" ");
    return missing(`some of its parts are not installed (${names})`, `apt-get install ${names}`);
  }
  const paths = Object.fromEntries(found) as Record<keyof typeof tools, string>;
  return { availability: { usable: true }, programs: { ...paths, sftpServer, busybox, cpio: busybox, kernel } };
}

/** The newest with the modules that a machine needs. One that was made for machines is smaller and boots sooner. */
export function findKernel(): Kernel | undefined {
  const found = kernelRoots.flatMap((root) =>
    globSync(join(root, "boot/vmlinuz-*")).flatMap((image) => {
      const version = basename(image).slice("vmlinuz-".length);
      const modules = ["lib", "usr/lib"]
        .map((lib) => join(root, lib, "modules", version))
        .find((one) => existsSync(one));
      if (modules === undefined || globSync(join(modules, neededModule)).length === 0) return [];
      return [{ image, modules, version }];
    }),
  );
  const rank = ({ version }: Kernel) => (version.includes("cloud") ? 1 : 0);
  return found.sort((a, b) => rank(b) - rank(a) || b.version.localeCompare(a.version, undefined, { numeric: true }))[0];
}
