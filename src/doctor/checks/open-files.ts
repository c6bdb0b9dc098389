/** How many files and connections this process may have open. */
import { readFileSync } from "node:fs";
import type { Finding } from "../finding.ts";

const name = "open files";
/** Each connection of a client is one, each follower of an output another. */
const enough = 8_192;

export function checkOpenFiles(limits = "/proc/self/limits"): Finding {
  const text = readFileSync(limits, "latin1");
  const most = /^Max open files\s+(\d+|unlimited)/m.exec(text)?.[1];
  if (most === undefined) return { name, state: "ok", what: "There is no limit that could be read." };
  if (most === "unlimited" || Number(most) >= enough) return { name, state: "ok", what: `Up to ${most} at a time.` };
  const fix = `Raise the limit: LimitNOFILE=${enough * 8} in its systemd unit, or ulimit -n.`;
  return { name, state: "warning", what: `Only ${most} at a time: many clients at once will be refused.`, fix };
}
