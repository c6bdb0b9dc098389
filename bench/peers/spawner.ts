/** The peer of a sync run: a small process that does nothing but spawn /bin/true, read what it prints on both of its
 *  output streams and wait for its end, in Node's own plain way. It works for the parent that forked it. */
import { spawn } from "node:child_process";
import { type Load, ratePerSecond, timesOf } from "../harness/load.ts";

export type SpawnerRequest = { readonly times: number } | { readonly load: Load };
/** Milliseconds of each spawn. */
export type TimesReply = readonly number[];
/** Spawns per second. */
export type RateReply = number;

function spawnAndRead(): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn("/bin/true", { stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.resume();
    child.stderr.resume();
    child.once("error", reject);
    child.once("close", () => resolve());
  });
}

process.on("message", async (request: SpawnerRequest) => {
  const reply: TimesReply | RateReply =
    "load" in request ? await ratePerSecond(request.load, spawnAndRead) : await timesOf(request.times, spawnAndRead);
  process.send?.(reply);
});
process.on("disconnect", () => process.exit());
