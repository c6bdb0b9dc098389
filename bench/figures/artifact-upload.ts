/** An artifact of 1 GiB, uploaded with its SHA-256.
 *
 *  Ours: a file of a team, announced through Mitosis' API and put by the signed URL that this gives: the signature and the length checked, room taken of the
 *  team's quota and counted, the SHA-256 of what came in its metadata. Peer: a bare `node:http` server that hashes the body and pipes it into
 *  `createWriteStream` in chunks of 1 MiB.
 *  Fair, because both take the same bytes from the same client, hash them, save them to the same file system, and answer when they are on the disk
 *  (fsync). Beyond that ours keeps the file out of sight until it is whole. */
import { unlink } from "node:fs/promises";
import { join } from "node:path";
import { compare } from "../harness/compare.ts";
import type { Figure } from "../harness/figure.ts";
import { measureTransfer, transferMetrics, transferredBytes, upload } from "../harness/file-transfer.ts";
import { openPlainFileServer } from "../harness/plain-file-server.ts";
import { openTemporaryDirectory } from "../harness/temporary.ts";
import { openYard, type Yard } from "../harness/yard.ts";

const leastRatio = 0.8;

export const artifactUpload: Figure = {
  name: "artifact-upload",
  title: "an artifact of 1 GiB, uploaded with its SHA-256",
  async run(bench) {
    await using directory = await openTemporaryDirectory(bench, "artifact");
    await using yard = await openYard(bench);
    await using plain = await openPlainFileServer(bench);
    const { signal } = bench;
    const path = join(directory.path, "gigabyte");
    return await compare(bench, {
      metrics: transferMetrics("uploaded with its SHA-256", leastRatio),
      ours: {
        name: "runyard",
        pids: () => [yard.serverPid],
        async measure() {
          const url = await announce(yard);
          return await measureTransfer(yard.serverPid, () => upload(url, { method: "PUT", signal }));
        },
      },
      peer: {
        name: "node streams",
        pids: () => [plain.pid],
        async measure() {
          const measured = await measureTransfer(plain.pid, () =>
            upload(plain.urlOf(path), { method: "POST", signal }),
          );
          await unlink(path);
          return measured;
        },
      },
    });
  },
};

/** In place of the one before. @returns where to put it */
async function announce(yard: Yard): Promise<string> {
  const upload = { key: "gigabyte", content_length: transferredBytes };
  const answer = await yard.call("POST", "/groups/admin/attachments", upload);
  const { url }: { url: string } = JSON.parse(answer.body.toString());
  return url;
}
