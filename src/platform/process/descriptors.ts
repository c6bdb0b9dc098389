/** Keeps what this process has open to itself. */
import { readdirSync, readFileSync } from "node:fs";
import { libc } from "./libc.ts";

const O_CLOEXEC = 0o2000000;

/** Descriptors above 2 that a program started now would inherit. Node opens its own with O_CLOEXEC; what our starter left open is not. */
export function inheritableDescriptors(): number[] {
  const found: number[] = [];
  for (const name of readdirSync("/proc/self/fd")) {
    const fd = Number(name);
    if (fd > 2 && isInheritable(fd)) found.push(fd);
  }
  return found;
}

/** Marks all of them close-on-exec, so that no process inherits a pipe or socket of whoever started the agent. */
export function closeInheritableOnExec(): void {
  for (const fd of inheritableDescriptors()) libc()?.closeOnExec(fd);
}

function isInheritable(fd: number): boolean {
  try {
    const flags = /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "latin1"))?.[1];
    return flags !== undefined && (Number.parseInt(flags, 8) & O_CLOEXEC) === 0;
  } catch {
    return false; // the descriptor of the listing itself, closed by now
  }
}
