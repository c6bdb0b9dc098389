/** A directory of everything that trees have a word for: six entries, 2.9 MiB. */
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export function makeSite(path: string): void {
  mkdirSync(join(path, "größe/leer"), { recursive: true });
  writeFileSync(join(path, "größe/🦊"), "fox", { mode: 0o755 });
  writeFileSync(join(path, "größe/large"), Buffer.alloc(3_000_000, "large"));
  symlinkSync("/etc/passwd", join(path, "outside"));
  symlinkSync("größe/🦊", join(path, "fox"));
  chmodSync(join(path, "größe/leer"), 0o700);
}
