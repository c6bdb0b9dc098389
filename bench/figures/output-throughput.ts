/** What becomes of an app that prints at full speed, and of a reader that follows it over HTTP.
 *
 *  The app: `cat` of a file of 1 GiB, started by `POST /appmesh/app/run`. How fast it prints is what the app itself measures, with one
 *  reader following from the first byte. Nothing of ours is to hold it back, however slow the reader.
 *  The reader: bytes delivered over the time from the request until it has seen the end. Only delivered bytes count: the yard keeps
 *  a bounded part of an output on disk, and skips for a reader that lags behind more than that.
 *  Peer, of both: the same program, appending to a file. (Not to a file opened for plain writing: there `cat` would let the kernel
 *  copy from file to file, and nothing would be printed.)
 *  Fair, because both write the same bytes from the page cache to the same file system, neither syncs them to the disk, and the
 *  carrying from the app to the reader (agent, control plane, this client) is all on our account.
 *
 *  Meanwhile the memory of both of our processes is sampled. It is to be flat: what is buffered is
 *  bounded, however much is printed. */
import { once } from "node:events";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { compare } from "../harness/compare.ts";
import type { Bench, Figure } from "../harness/figure.ts";
import { memoryGrowthMetrics, watchMemory } from "../harness/memory-growth.ts";
import { program } from "../harness/paths.ts";
import { openTemporaryDirectory } from "../harness/temporary.ts";
import { openYard, type Yard } from "../harness/yard.ts";

const MiB = 1024 * 1024;
const printedBytes = 1024 * MiB;
const printFile = program("print-file.sh");

export const outputThroughput: Figure = {
  name: "output-throughput",
  title: "one app printing 1 GiB at full speed, one reader following",
  async run(bench) {
    await using directory = await openTemporaryDirectory(bench, "output");
    const source = join(directory.path, "pattern");
    const times = join(directory.path, "times");
    await writePattern(source);
    await using yard = await openYard(bench);
    return await compare(bench, {
      metrics: {
        printing: { label: "printed by the app meanwhile", unit: "MiB/s", score: "ratio" },
        rate: {
          label: "delivered to a following reader",
          unit: "MiB/s",
          score: "ratio",
          aim: { at: "least", limit: 0.5 },
        },
        delivered: { label: "of the printed bytes delivered", unit: "%", score: "ours" },
        ...memoryGrowthMetrics,
      },
      ours: {
        name: "runyard",
        pids: () => [yard.serverPid, yard.agentPid],
        measure: () => watchMemory([yard.serverPid, yard.agentPid], () => followed(yard, source, times)),
      },
      peer: {
        name: "cat to a file",
        pids: () => [],
        measure: () => written(bench, source, times, join(directory.path, "written")),
      },
    });
  },
};

async function followed(yard: Yard, source: string, times: string) {
  const started = performance.now();
  const { body } = await yard.call("POST", "/appmesh/app/run?timeout=120&lifecycle=180", {
    command: ["/bin/sh", printFile, source, times].join(" "),
  });
  const { name }: { name: string } = JSON.parse(body.toString());
  const delivered = await follow(yard, name);
  const seconds = (performance.now() - started) / 1000;
  await yard.call("DELETE", `/appmesh/app/${name}`);
  return {
    printing: await printingRate(times),
    rate: delivered / MiB / seconds,
    delivered: (delivered / printedBytes) * 100,
  };
}

/** Bytes delivered until the end of the app's output. */
async function follow(yard: Yard, name: string): Promise<number> {
  const path = `/yard/v1/apps/${name}/output?follow=true&position=0`;
  const output = await yard.client.open({ method: "GET", path, authorization: yard.authorization });
  if (output.statusCode !== 200) throw new Error(`GET ${path} answered ${output.statusCode}`);
  let bytes = 0;
  output.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
  });
  await once(output, "end");
  return bytes;
}

async function written(bench: Bench, source: string, times: string, target: string) {
  await using file = await open(target, "a");
  await file.truncate();
  await using cat = bench.children.start("/bin/sh", [printFile, source, times], {
    stdio: ["ignore", file.fd, "inherit"],
  });
  const [code] = await once(cat.process, "exit", { signal: bench.signal });
  if (code !== 0) throw new Error(`print-file.sh exited with ${code}`);
  const rate = await printingRate(times);
  return { printing: rate, rate };
}

/** By the app's own clock. */
async function printingRate(times: string): Promise<number> {
  const [began, ended] = (await readFile(times, "utf8")).split("\n").map(Number);
  return printedBytes / MiB / ((ended! - began!) / 1e9);
}

/** Lines of 64 bytes. */
async function writePattern(path: string): Promise<void> {
  await using file = await open(path, "w");
  const lines = Array.from({ length: MiB / 64 }, (_, line) => `${`line ${line} of a block `.padEnd(63, ".")}\n`);
  const block = Buffer.from(lines.join(""));
  for (let blocks = 0; blocks < printedBytes / MiB; blocks++) await file.write(block);
}
