/** A busybox that runs in any root file system: one that needs no library of it. */
import { closeSync, openSync, readSync } from "node:fs";

const paths = ["/bin/busybox", "/usr/bin/busybox", "/usr/local/bin/busybox"];
const machines = { x64: 62, arm64: 183, arm: 40, ppc64: 21, s390x: 22, riscv64: 243 } as const;

/** Its path, if this machine has one of its own kind: Debian's package busybox-static. */
export function findStaticBusybox(): string | undefined {
  return paths.find(isStatic);
}

const PT_INTERP = 3;

/** An ELF program without an interpreter. @see elf(5) */
function isStatic(path: string): boolean {
  try {
    const fd = openSync(path, "r");
    try {
      const head = Buffer.alloc(4096);
      readSync(fd, head, 0, head.length, 0);
      const isOurs = head.readUInt32BE(0) === 0x7f454c46 && head[4] === 2 && head[5] === 1;
      if (!isOurs || head.readUInt16LE(18) !== machines[process.arch as keyof typeof machines]) return false;
      const [at, size, count] = [Number(head.readBigUInt64LE(32)), head.readUInt16LE(54), head.readUInt16LE(56)];
      for (let i = 0; i < count; i++) if (head.readUInt32LE(at + i * size) === PT_INTERP) return false;
      return true;
    } finally {
      closeSync(fd);
    }
  } catch {
    return false;
  }
}
