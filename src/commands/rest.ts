/** Gives memory back when the server has come to rest.
 *
 *  V8 collects when something is allocated: what a start or a burst of requests has left behind stays for as long as nobody asks for
 *  anything (some 12 MiB of 60 after a start). Collected at rest, the pause of 60 to 90 ms holds up nobody. */
import { every } from "../platform/timers.ts";

const lookEveryMs = 5_000;
/** Of the time between two looks: an idle server uses 1 %. */
const restingShare = 0.05;
/** What has to have come together since the last time, to be worth a pause: more than the young heap (bin/lean.js), which fills up and
 *  empties by itself. */
const worthBytes = 6 * 1024 * 1024;

export function collectAtRest(): AsyncDisposable {
  const collect = globalThis.gc; // only there if Node was told so: see bin/lean.js
  let cpu = process.cpuUsage();
  let least = 0;
  return every(lookEveryMs, async () => {
    const { user, system } = process.cpuUsage(cpu);
    cpu = process.cpuUsage();
    const resting = user + system < lookEveryMs * 1_000 * restingShare;
    if (!collect || !resting || process.memoryUsage().heapUsed < least + worthBytes) return;
    collect({ type: "major", execution: "sync", flavor: "last-resort" }); // this flavour also shrinks what is kept for the young
    least = process.memoryUsage().heapUsed;
    cpu = process.cpuUsage();
  });
}
