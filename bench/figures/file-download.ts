/** A file of 1 GiB, downloaded.
 *
 *  Ours: `GET /appmesh/file/download` with a Bearer token: authenticated, the path checked against what is closed, the file's attributes in
 *  the headers. Peer: a bare `node:http` server that pipes `createReadStream` in chunks of 1 MiB (its default of 64 KiB is half as fast).
 *  Fair, because both are one Node process that sends the same file from the page cache to the same client, one after the other, and both
 *  share the machine with that client. */
import { join } from "node:path";
import { compare } from "../harness/compare.ts";
import type { Figure } from "../harness/figure.ts";
import { download, measureTransfer, transferMetrics, writeGigabyte } from "../harness/file-transfer.ts";
import { openPlainFileServer } from "../harness/plain-file-server.ts";
import { openTemporaryDirectory } from "../harness/temporary.ts";
import { openYard } from "../harness/yard.ts";

const leastRatio = 0.85;

export const fileDownload: Figure = {
  name: "file-download",
  title: "a file of 1 GiB, downloaded",
  async run(bench) {
    await using directory = await openTemporaryDirectory(bench, "download");
    const path = join(directory.path, "gigabyte");
    await writeGigabyte(path);
    await using yard = await openYard(bench);
    await using plain = await openPlainFileServer(bench);
    const { signal } = bench;
    const headers = { authorization: yard.authorization, "x-file-path": encodeURIComponent(path) };
    return await compare(bench, {
      metrics: transferMetrics("downloaded", leastRatio),
      ours: {
        name: "runyard",
        pids: () => [yard.serverPid],
        measure: () =>
          measureTransfer(yard.serverPid, () => download(`${yard.url}/appmesh/file/download`, { headers, signal })),
      },
      peer: {
        name: "node streams",
        pids: () => [plain.pid],
        measure: () => measureTransfer(plain.pid, () => download(plain.urlOf(path), { signal })),
      },
    });
  },
};
