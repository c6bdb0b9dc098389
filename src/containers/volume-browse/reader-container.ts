/** Runs one command of busybox beside a volume: in a container of its own, which sees the volume read-only at /volume, and no network, no device, nothing of
 *  the host. It may read files of every user, and that is its only privilege. */
import { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import type Docker from "dockerode";
import type { Engine } from "../../platform/docker/engine.ts";
import { newId } from "../../platform/ids.ts";

export interface ReaderResult {
  readonly exitCode: number;
  readonly output: Buffer;
  /** It printed more than was wanted. */
  readonly isCut: boolean;
}

const timeoutMs = 30_000;
const mebibyte = 1024 * 1024;

/** @param script for busybox's shell   @param args its `$1`, `$2`, …
 *  @throws {YardError} not_found (no such volume), precondition, unavailable */
export async function runBesideVolume(
  engine: Engine,
  volume: string,
  script: string,
  args: readonly string[],
  { image, maxBytes }: { readonly image: string; readonly maxBytes: number },
): Promise<ReaderResult> {
  // Making the container would make the volume, too.
  await engine.call("look at the volume", (docker, abortSignal) => docker.getVolume(volume).inspect({ abortSignal }));
  const container = await engine.call("make a container beside the volume", (docker, abortSignal) =>
    docker.createContainer({
      ...{ name: `runyard-${newId("reader").replace("_", "-")}`, Image: image, abortSignal },
      ...{
        Cmd: ["/bin/busybox", "sh", "-c", script, "sh", ...args],
        User: "0:0",
        Labels: { "runyard.reader": volume },
      },
      HostConfig: confines(volume),
    }),
  );
  try {
    return await engine.call("read the volume", (docker, signal) => runToEnd(docker, container, maxBytes, signal), {
      timeoutMs,
    });
  } finally {
    await engine.call("remove a container", (_, abortSignal) => container.remove({ force: true, abortSignal }));
  }
}

function confines(volume: string): Docker.HostConfig {
  return {
    NetworkMode: "none",
    Mounts: [
      {
        ...({ Type: "volume", Source: volume, Target: "/volume", ReadOnly: true } as const),
        VolumeOptions: { NoCopy: true, Labels: {}, DriverConfig: { Name: "", Options: {} } },
      },
    ],
    ReadonlyRootfs: true,
    CapDrop: ["ALL"],
    CapAdd: ["DAC_READ_SEARCH"],
    SecurityOpt: ["no-new-privileges"],
    PidsLimit: 16,
    Memory: 64 * mebibyte,
    LogConfig: { Type: "none", Config: {} }, // what is read does not stay on the host's disk
  };
}

async function runToEnd(
  docker: Docker,
  container: Docker.Container,
  maxBytes: number,
  abortSignal: AbortSignal,
): Promise<ReaderResult> {
  const stream = await container.attach({ stream: true, stdout: true, stderr: false, abortSignal });
  const parts: Buffer[] = [];
  let bytes = 0;
  const output = new Writable({
    write(part: Buffer, _encoding, done) {
      const room = maxBytes - bytes;
      if (room > 0) parts.push(Buffer.from(part.subarray(0, room)));
      bytes += part.length;
      done();
    },
  });
  docker.modem.demuxStream(stream, output, new Writable({ write: (_part, _encoding, done) => done() }));
  await container.start({ abortSignal });
  await finished(stream);
  const { StatusCode: exitCode } = await container.wait({ abortSignal });
  return { exitCode, output: Buffer.concat(parts), isCut: bytes > maxBytes };
}
