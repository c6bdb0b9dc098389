/** What the labels of a host say by themselves. */
import { readFileSync } from "node:fs";
import { hostname, machine, release, type } from "node:os";

export function builtInLabels(): Readonly<Record<string, string>> {
  return { HOST_NAME: hostname(), arch: machine(), os_version: systemVersion() };
}

/** `debian12`; without a file that says it, the kernel's name and release. @see os-release(5) */
function systemVersion(): string {
  try {
    const text = readFileSync("/etc/os-release", "utf8");
    const textOf = (key: string) => new RegExp(`^${key}="?([^"\\n]*)"?$`, "m").exec(text)?.[1] ?? "";
    const version = textOf("ID") + textOf("VERSION_ID");
    if (version !== "") return version;
  } catch {
    // no such file here
  }
  return `${type()}${release()}`;
}
