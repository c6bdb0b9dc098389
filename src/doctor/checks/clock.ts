/** Whether the clock is right, as far as the kernel knows: tokens, certificates and leases are measured by it. */
import { isClockSynchronised } from "../../platform/process/clock-state.ts";
import type { Finding } from "../finding.ts";

const name = "clock";

export function checkClock(ask: () => boolean | undefined = isClockSynchronised): Finding {
  const isRight = ask();
  if (isRight) return { name, state: "ok", what: "It is kept right by a time server." };
  if (isRight === undefined) return { name, state: "ok", what: "Nothing can be said of it on this system." };
  const what =
    "Nothing tells the kernel that its clock is right. Codes of a second factor fail when it is off by a minute.";
  return { name, state: "warning", what, fix: "apt-get install systemd-timesyncd (or chrony), and start it." };
}
