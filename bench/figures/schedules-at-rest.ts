/** What 1,000 apps with schedules cost while hardly any is due, and how late those are that are due.
 *
 *  All run once an hour; the hours of 20 of them begin in the measured 20 s, one each second, those of the others later. CPU time is that of
 *  the control plane and the agent together. A start is as late as the program itself sees it, so its own start counts too. No peer: PM2
 *  restarts by cron, and has no schedule of its own. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { compare } from "../harness/compare.ts";
import type { Bench, Figure } from "../harness/figure.ts";
import { program } from "../harness/paths.ts";
import { cpuSecondsOf } from "../harness/processes.ts";
import { openTemporaryDirectory } from "../harness/temporary.ts";
import { openYard } from "../harness/yard.ts";

const apps = 1_000;
const restSeconds = 20;
/** Between the last app's definition and the first that is due. */
const settleSeconds = 5;
const hourSeconds = 3_600;

export const schedulesAtRest: Figure = {
  name: "schedules-at-rest",
  title: `${apps} apps with schedules at rest`,
  async run(bench) {
    return await compare(bench, {
      metrics: {
        cpu: {
          label: `${apps} scheduled apps: CPU at rest`,
          unit: "% of a core",
          score: "ours",
          aim: { at: "most", limit: 3 },
        },
        late: { label: "the latest of those due", unit: "s", score: "ours", aim: { at: "most", limit: 1 } },
      },
      ours: { name: "runyard", pids: () => [], measure: () => rest(bench) },
      peer: { name: "none", pids: () => [], measure: async () => ({}) },
      warmUp: false, // every round starts cold
    });
  },
};

async function rest(bench: Bench) {
  await using directory = await openTemporaryDirectory(bench, "schedules");
  const starts = join(directory.path, "starts");
  await using yard = await openYard(bench);
  const due = await define(yard.call, starts);
  await delay(due[0]! * 1_000 - 500 - Date.now(), undefined, { signal: bench.signal });
  const pids = [yard.serverPid, yard.agentPid];
  const cpuBefore = cpuSecondsOf(pids);
  await delay(restSeconds * 1_000, undefined, { signal: bench.signal });
  const cpu = ((cpuSecondsOf(pids) - cpuBefore) / restSeconds) * 100;
  await delay(1_500, undefined, { signal: bench.signal }); // the last ones may be late, too
  return { cpu, late: latest(await readFile(starts, "utf8"), due) };
}

/** @returns when the measured ones are due, in seconds since 1970 */
async function define(call: Awaited<ReturnType<typeof openYard>>["call"], starts: string): Promise<readonly number[]> {
  const put = (name: string, startTime: number) =>
    call("PUT", `/appmesh/app/${name}`, {
      command: `/bin/sh ${program("note-start.sh")} ${startTime} ${starts}`,
      start_interval_seconds: hourSeconds,
      start_time: startTime,
    });
  const later = Math.floor(Date.now() / 1_000) + hourSeconds;
  for (let i = restSeconds; i < apps; i++) await put(`later-${i}`, later + i);
  const first = Math.ceil(Date.now() / 1_000) + settleSeconds;
  const due = Array.from({ length: restSeconds }, (_, i) => first + i);
  for (const time of due) await put(`due-${time}`, time);
  return due;
}

/** @throws {Error} if one of those due was not started, or twice */
function latest(noted: string, due: readonly number[]): number {
  const starts = noted
    .trim()
    .split("\n")
    .map((line) => line.split(" ").map(Number));
  const late = due.map((time) => {
    const own = starts.filter(([slot]) => slot === time);
    if (own.length !== 1) throw new Error(`the app due at ${time} was started ${own.length} times`);
    return own[0]![1]! - time;
  });
  return Math.max(...late);
}
