/** What sandboxes need of the kernel itself. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Finding } from "../finding.ts";

/** @param root where /proc is looked for */
export function checkKernel(root = "/"): readonly Finding[] {
  if (!existsSync(join(root, "proc/filesystems"))) return [withoutProc];
  return [checkUserNamespaces(root), checkOverlay(root)];
}

const withoutProc: Finding = {
  ...{ name: "kernel", state: "warning", what: "There is no /proc, so nothing can be told of it." },
  fix: "mount -t proc proc /proc",
};

function checkUserNamespaces(root: string): Finding {
  const name = "user namespaces";
  const most = readNumber(join(root, "proc/sys/user/max_user_namespaces"));
  if (most === undefined) return { name, state: "missing", what: "This kernel has none.", fix: "Use another kernel." };
  if (most === 0) {
    return { name, state: "missing", what: "None may be made.", fix: "sysctl -w user.max_user_namespaces=15000" };
  }
  const isRoot = process.geteuid?.() === 0;
  if (!isRoot && readNumber(join(root, "proc/sys/kernel/unprivileged_userns_clone")) === 0) {
    const fix = "Run the agent as root, or: sysctl -w kernel.unprivileged_userns_clone=1";
    return { name, state: "missing", what: "Only root may make them here.", fix };
  }
  return { name, state: "ok", what: `Up to ${most} can be made.` };
}

function checkOverlay(root: string): Finding {
  const name = "overlayfs";
  const known = readText(join(root, "proc/filesystems")) ?? "";
  if (/^nodev\toverlay$/m.test(known)) {
    return { name, state: "ok", what: "Sandboxes share what they have in common." };
  }
  const what = "The kernel does not have it, or has not loaded it yet: no sandbox gets a root file system.";
  return { name, state: "missing", what, fix: "modprobe overlay, and name it in /etc/modules-load.d." };
}

function readNumber(path: string): number | undefined {
  const text = readText(path)?.trim();
  return text === undefined || text === "" ? undefined : Number(text);
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return undefined;
  }
}
