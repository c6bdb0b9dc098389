/** An archive of a root file system, unpacked for sandboxes: with its owners and links, which only a program of the host can make, and which may come from
 *  anybody. So that program is confined: it sees the host read-only, can write to the one directory alone, and make no devices. */
import { type ChildProcess, type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { Readable, type Writable } from "node:stream";
import { createGunzip } from "node:zlib";
import { errnoOf, YardError } from "../../platform/errors.ts";

const mostBytes = 64 * 1024 ** 3;
const mostSaid = 500;
/** Where nothing of the archive's own is wanted: they are made for each sandbox. */
const leftOut = ["dev/*", "proc/*", "sys/*"];
/** To give files to their owners, with the modes they have. */
const rights = ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_SETFCAP"];

/** @param directory is made. What is in it after an error is the caller's to remove
 *  @throws {YardError} invalid (`archive`), too_large, storage_full; whatever `archive` throws */
export async function unpackRoot(archive: AsyncIterable<Uint8Array>, directory: string): Promise<void> {
  mkdirSync(directory, { mode: 0o755 });
  const child = spawn("bwrap", [...confinement(directory), "tar", ...unpacking], {
    stdio: ["pipe", "ignore", "pipe"],
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
    detached: true, // a session and a group of their own
  });
  let said = "";
  child.stderr.on("data", (bytes: Buffer) => {
    said = (said + bytes).slice(0, mostSaid);
  });
  const exited = once(child, "exit");
  let failure: unknown;
  try {
    await feed(child, bounded(unzipped(archive)));
  } catch (error) {
    failure = error;
    killGroup(child);
  }
  const [code] = await exited;
  if (code !== 0 && code !== null) throw refusalOf(said);
  if (failure !== undefined) throw failure;
  for (const name of ["dev", "proc", "sys", "tmp"]) mkdirSync(join(directory, name), { recursive: true });
  chmodSync(join(directory, "tmp"), 0o1777);
}

/** To the end, also once the program has seen the end of the archive and left: what follows then is padding, and whoever sends it is not to be cut off. */
async function feed(child: ChildProcessByStdio<Writable, null, Readable>, content: AsyncIterable<Uint8Array>) {
  const { stdin } = child;
  const left = new AbortController();
  stdin.on("error", () => {}); // it has left: its exit code says how
  stdin.once("close", () => left.abort());
  for await (const part of content) {
    const hasFailed = child.signalCode !== null || (child.exitCode ?? 0) !== 0;
    if (hasFailed) break;
    if (!stdin.writable || stdin.write(part)) continue;
    await once(stdin, "drain", { signal: left.signal }).catch(() => {}); // it has left
  }
  stdin.end();
}

/** All of it: what bubblewrap has cloned would wait for it for ever, if it died before the other is bound to its life. */
function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    if (errnoOf(error) !== "ESRCH") throw error;
  }
}

const unpacking = [
  "--extract",
  "--numeric-owner",
  "--same-owner",
  "--same-permissions",
  ...leftOut.flatMap((pattern) => [`--exclude=${pattern}`, `--exclude=./${pattern}`]),
];

function confinement(directory: string): string[] {
  return [
    ...["--ro-bind", "/usr", "/usr", "--symlink", "usr/bin", "/bin", "--symlink", "usr/lib", "/lib"],
    ...["--ro-bind-try", "/lib64", "/lib64", "--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"],
    ...["--bind", directory, "/unpacked", "--chdir", "/unpacked"],
    ...["--unshare-pid", "--unshare-net", "--unshare-ipc", "--die-with-parent"],
    ...["--cap-drop", "ALL", ...rights.flatMap((right) => ["--cap-add", right])],
    "--",
  ];
}

function refusalOf(said: string): YardError {
  if (/no space left|quota exceeded/i.test(said)) {
    return new YardError("storage_full", "The archive cannot be unpacked: the disk is full.");
  }
  const reason = said.trim() || "it is no tar archive";
  return new YardError("invalid", `The archive cannot be unpacked: ${reason}.`, { field: "archive" });
}

/** Gzipped or not, as its first two bytes tell. */
async function* unzipped(archive: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const parts = archive[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  while (head.length < 2) {
    const { done, value } = await parts.next();
    if (done) break;
    head = Buffer.concat([head, value]);
  }
  async function* whole(): AsyncGenerator<Uint8Array> {
    yield head;
    for (let next = await parts.next(); !next.done; next = await parts.next()) yield next.value;
  }
  if (head[0] === 0x1f && head[1] === 0x8b)
    yield* Readable.from(whole()).compose(createGunzip()) as AsyncIterable<Buffer>;
  else yield* whole();
}

async function* bounded(archive: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const part of archive) {
    bytes += part.length;
    if (bytes > mostBytes) throw new YardError("too_large", `The archive holds more than ${mostBytes} bytes.`);
    yield part;
  }
}
