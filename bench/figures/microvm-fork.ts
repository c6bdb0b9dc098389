/** How long ten forks of one running virtual machine take, each to its first command; and what they take of the disk.
 *
 *  Ours: a template of the machine, with its memory, and ten machines that go on from it. One after the other: each emulator wants a processor.
 *  Peer: ten boots of the same machine from its disk. One is measured, and counted ten times. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { compare } from "../harness/compare.ts";
import type { Figure } from "../harness/figure.ts";
import { openMachines } from "../harness/machines.ts";

const forks = 10;
const template = "forked";

export const microvmFork: Figure = {
  name: "microvm-fork",
  title: "ten forks of a running virtual machine",
  async run(bench) {
    await using machines = await openMachines(bench);
    const source = await machines.create();
    const booting = await machines.create();
    await booting.stop?.({ graceMs: 0 });
    return await compare(bench, {
      warmUp: false,
      metrics: {
        time: { label: "ten forks", unit: "ms", score: "ratio", aim: { at: "most", limit: 0.1 } },
        disk: { label: "of their own, on the disk", unit: "MiB", score: "ours" },
      },
      ours: {
        name: machines.name,
        pids: () => [],
        async measure() {
          const started = performance.now();
          await source.capture?.(template);
          let time = performance.now() - started;
          let disk = 0;
          for (let fork = 0; fork < forks; fork++) {
            const begun = performance.now();
            const made = await machines.create(template);
            await machines.execTrue(made);
            time += performance.now() - begun;
            disk += mebibytesIn(join(machines.directory, "machines", made.handle.id));
            await made.destroy();
          }
          await machines.driver.templates?.remove(template);
          return { time, disk };
        },
      },
      peer: {
        name: "ten boots",
        pids: () => [],
        async measure() {
          const time = (await machines.boot(booting)) * forks;
          await booting.stop?.({ graceMs: 0 });
          return { time };
        },
      },
    });
  },
};

function mebibytesIn(directory: string): number {
  return Number(execFileSync("du", ["-sk", directory], { encoding: "utf8" }).split("\t")[0]) / 1024;
}
