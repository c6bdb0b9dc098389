/** How fast a file goes into a virtual machine and out of it. 64 MiB of it: an emulated processor takes a minute and a half for a gigabyte, in and out, and there are two
 *  sides and several rounds. Each takes the more the larger the file is, and nothing is kept of it but in the machine.
 *
 *  Peer: `sftp` of the same file with a shared master connection to a machine made alike, over the same port of the emulator and with the same algorithms. */
import { createReadStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { compare } from "../harness/compare.ts";
import type { Figure } from "../harness/figure.ts";
import { openMachines } from "../harness/machines.ts";
import { openSharedSsh } from "../harness/shared-ssh.ts";

const mebibytes = 64;
const inside = "/root/file";

export const microvmFiles: Figure = {
  name: "microvm-files",
  title: `${mebibytes} MiB into a virtual machine and out of it`,
  async run(bench) {
    await using machines = await openMachines(bench);
    await using ssh = await openSharedSsh(bench);
    const sandbox = await machines.create();
    const source = join(machines.directory, "source");
    await writeFile(source, Buffer.alloc(mebibytes * 1024 * 1024, "a line of it\n"));
    const aim = { at: "least", limit: 0.9 } as const;
    return await compare(bench, {
      warmUp: false,
      metrics: {
        into: { label: "in", unit: "MiB/s", score: "ratio", aim },
        out: { label: "out", unit: "MiB/s", score: "ratio", aim },
      },
      ours: {
        name: machines.name,
        pids: () => [],
        async measure() {
          const { files } = sandbox;
          if (!files) throw new Error("it has no files");
          const into = await rateOf(() => files.write(inside, createReadStream(source)));
          const out = await rateOf(async () => {
            const { content } = await files.read(inside);
            await pipeline(content, nowhere());
          });
          return { into, out };
        },
      },
      peer: {
        name: "sftp",
        pids: () => [],
        async measure() {
          const into = await rateOf(() => ssh.put(source, inside));
          const out = await rateOf(() => ssh.get(inside));
          return { into, out };
        },
      },
    });
  },
};

const nowhere = () => new Writable({ write: (_bytes, _encoding, done) => done() });

async function rateOf(act: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await act();
  return mebibytes / ((performance.now() - started) / 1_000);
}
