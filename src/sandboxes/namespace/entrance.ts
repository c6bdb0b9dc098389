/** When a process of a sandbox needs the agent no more: the programs that lead in (launch.ts) open the namespaces through descriptors of the agent, and one
 *  that died before would take a process along whose start was told already. */
import { readlinkSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** The way in takes some milliseconds. */
const lookMs = 1;

/** Resolves once the process has gone in: all namespaces are opened before the first is entered. Or once it has ended, which is told sooner than it is seen: most
 *  commands that are waited for are over before a second look. */
export async function hasEntered(pid: number, ended: Promise<unknown>): Promise<void> {
  let isOver = false;
  const over = ended.then(() => {
    isOver = true;
  });
  async function gone(): Promise<void> {
    outside ??= userNamespaceOf("self");
    do await sleep(lookMs);
    while (!isOver && userNamespaceOf(pid) === outside);
  }
  await Promise.race([over, gone()]);
}

/** The agent's own, which never changes. */
let outside: string | undefined;

/** @returns undefined, if the process has ended */
function userNamespaceOf(pid: number | "self"): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/user`);
  } catch {
    return undefined;
  }
}
