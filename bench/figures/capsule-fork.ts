/** How long a fork takes of a capsule that has written 1 GiB: a snapshot of it, and a capsule made of that, which runs.
 *
 *  Peer: `cp -a` of a directory with a file of that size, on the same disk. What both start from is on the disk and in the page cache. */

import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Capsules, openCapsules } from "../harness/capsules.ts";
import { compare } from "../harness/compare.ts";
import type { Bench, Figure, Side } from "../harness/figure.ts";
import { writeGigabyte } from "../harness/file-transfer.ts";
import { run } from "../harness/run.ts";
import { openTemporaryDirectory } from "../harness/temporary.ts";

export const capsuleFork: Figure = {
  name: "capsule-fork",
  title: "fork of a capsule with 1 GiB of its own",
  async run(bench) {
    await using capsules = await openCapsules(bench, { driver: "namespace" });
    await using directory = await openTemporaryDirectory(bench, "tree");
    const source = join(directory.path, "source");
    await mkdir(source);
    await writeGigabyte(join(source, "gigabyte"));
    return await compare(bench, {
      metrics: { time: { label: "fork", unit: "ms", score: "ratio", aim: { at: "most", limit: 1 / 10 } } },
      ours: forkSide(bench, capsules),
      peer: copySide(bench, directory.path),
    });
  },
};

/** Each time of a capsule that has just written it: what was captured once is a layer already. */
function forkSide(bench: Bench, capsules: Capsules): Side<"time"> {
  const { yard } = capsules;
  const args = ["if=/dev/zero", "of=/root/gigabyte", "bs=1M", "count=1024", "conv=fsync"];
  return {
    name: "runyard",
    pids: () => [yard.serverPid, yard.agentPid],
    async measure() {
      const name = "fork";
      const id = await capsules.create();
      await yard.call("POST", `/v1/capsules/${id}/exec`, { cmd: "dd", args, timeout_sec: 300 });
      await run(bench, "sync", []);
      const started = performance.now();
      await yard.call("POST", "/v1/snapshots", { sandbox_id: id, name });
      const fork = await capsules.create(name);
      const time = performance.now() - started;
      for (const one of [id, fork]) await capsules.destroy(one);
      await yard.call("DELETE", `/v1/snapshots/${name}`);
      return { time };
    },
  };
}

function copySide(bench: Bench, directory: string): Side<"time"> {
  const target = join(directory, "target");
  return {
    name: "cp -a",
    pids: () => [],
    async measure() {
      const started = performance.now();
      await run(bench, "cp", ["-a", join(directory, "source"), target]);
      const time = performance.now() - started;
      await rm(target, { recursive: true });
      return { time };
    },
  };
}
