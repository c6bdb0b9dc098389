/** A file of 1 GiB, uploaded.
 *
 *  Ours: `POST /appmesh/file/upload` with a Bearer token, once with the file as the body, once as the part of a form, as App Mesh's clients
 *  send it. Peer: a bare `node:http` server that pipes the body into `createWriteStream` in chunks of 1 MiB.
 *  Fair, because both take the same bytes from the same client, save them to the same file system, and answer when they are on the disk
 *  (fsync). Beyond that ours keeps the file out of sight until it is whole. */
import { unlink } from "node:fs/promises";
import { join } from "node:path";
import { compare } from "../harness/compare.ts";
import type { Bench, Figure } from "../harness/figure.ts";
import { measureTransfer, transferMetrics, upload, uploadForm } from "../harness/file-transfer.ts";
import { openPlainFileServer, type PlainFileServer } from "../harness/plain-file-server.ts";
import { openTemporaryDirectory } from "../harness/temporary.ts";
import { openYard, type Yard } from "../harness/yard.ts";

const ways = [
  { label: "uploaded", send: upload, least: 0.8 },
  { label: "uploaded as a form", send: uploadForm, least: undefined },
];

export const fileUpload: Figure = {
  name: "file-upload",
  title: "a file of 1 GiB, uploaded",
  async run(bench) {
    await using directory = await openTemporaryDirectory(bench, "upload");
    await using yard = await openYard(bench);
    await using plain = await openPlainFileServer(bench);
    const path = join(directory.path, "gigabyte");
    const comparisons = [];
    for (const way of ways) comparisons.push(...(await compareWay(bench, { yard, plain, path }, way)));
    return comparisons;
  },
};

interface Servers {
  readonly yard: Yard;
  readonly plain: PlainFileServer;
  readonly path: string;
}

function compareWay(bench: Bench, { yard, plain, path }: Servers, { label, send, least }: (typeof ways)[number]) {
  const { signal } = bench;
  const headers = { authorization: yard.authorization, "x-file-path": encodeURIComponent(path) };
  const measure = async (pid: number, transfer: () => Promise<void>) => {
    const measured = await measureTransfer(pid, transfer);
    await unlink(path);
    return measured;
  };
  const ours = { method: "POST", headers, signal };
  return compare(bench, {
    metrics: transferMetrics(label, least),
    ours: {
      name: "runyard",
      pids: () => [yard.serverPid],
      measure: () => measure(yard.serverPid, () => send(`${yard.url}/appmesh/file/upload`, ours)),
    },
    peer: {
      name: "node streams",
      pids: () => [plain.pid],
      measure: () => measure(plain.pid, () => upload(plain.urlOf(path), { method: "PUT", signal })),
    },
  });
}
