/** A file of 1 GiB into a capsule and out of it.
 *
 *  Ours: a form to `files/stream/write`, and `files/stream/read`; the client makes up what it sends, and counts what it gets. Measured besides: the memory of the
 *  control plane meanwhile.
 *  Peer: cp(1) of a file of that size beside the yard's data, from and to the page cache. It has no client, no connection and no form to read. */

import { rm } from "node:fs/promises";
import { join } from "node:path";
import { fetchGigabyte, sendGigabyte } from "../harness/capsule-files.ts";
import { openCapsules } from "../harness/capsules.ts";
import { compare } from "../harness/compare.ts";
import type { Bench, Figure, Side } from "../harness/figure.ts";
import { MiB, measureTransfer, transferMetrics, transferredBytes, writeGigabyte } from "../harness/file-transfer.ts";
import { run } from "../harness/run.ts";
import { openTemporaryDirectory } from "../harness/temporary.ts";
import type { Yard } from "../harness/yard.ts";

export const capsuleTransfer: Figure = {
  name: "capsule-transfer",
  title: "1 GiB into and out of a capsule",
  async run(bench) {
    await using capsules = await openCapsules(bench, { driver: "namespace" });
    await using directory = await openTemporaryDirectory(bench, "copy");
    await writeGigabyte(join(directory.path, "source"));
    const id = await capsules.create();
    const { yard } = capsules;
    const peer = copySide(bench, directory.path);
    const into = { metrics: metricsOf("into a capsule"), ours: sideOf(yard, () => sendGigabyte(yard, id)), peer };
    const outOf = { metrics: metricsOf("out of it"), ours: sideOf(yard, () => fetchGigabyte(yard, id)), peer };
    return [...(await compare(bench, into)), ...(await compare(bench, outOf))];
  },
};

function metricsOf(direction: string) {
  const { rate, growth } = transferMetrics(direction, 0.5);
  return { rate, growth };
}

function sideOf({ serverPid, agentPid }: Yard, transfer: () => Promise<void>): Side<"rate" | "growth"> {
  return { name: "runyard", pids: () => [serverPid, agentPid], measure: () => measureTransfer(serverPid, transfer) };
}

function copySide(bench: Bench, directory: string): Side<"rate" | "growth"> {
  const [source, target] = [join(directory, "source"), join(directory, "target")];
  return {
    name: "cp",
    pids: () => [],
    async measure() {
      const started = performance.now();
      await run(bench, "cp", [source, target]);
      const seconds = (performance.now() - started) / 1_000;
      await rm(target);
      return { rate: transferredBytes / MiB / seconds };
    },
  };
}
