/** What a machine uses, as it sees it itself. */
import type { Connection } from "./ssh.ts";

export interface Figures {
  readonly memoryBytes: number;
  readonly processes: number;
  /** Of its file system. */
  readonly usedBytes: number;
  readonly freeBytes: number;
}

const script = `cd /sys/fs/cgroup
read -r bytes <memory.current
cached=0
while read -r name value; do
  case $name in inactive_file | active_file) cached=$((cached + value)) ;; esac
done <memory.stat
read -r count <pids.current
set -- $(stat -f -c '%S %b %f' /)
echo "$((bytes - cached)) $count $((($2 - $3) * $1)) $(($3 * $1))"`;

/** @throws {YardError} unavailable */
export async function readFigures({ ask }: Connection): Promise<Figures> {
  const [memoryBytes = 0, processes = 0, usedBytes = 0, freeBytes = 0] = (await ask(script)).split(" ").map(Number);
  return { memoryBytes: Math.max(0, memoryBytes), processes, usedBytes, freeBytes };
}
