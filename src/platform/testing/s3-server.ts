/** A private S3 server for the tests of one process: a program of its own that checks every signature, on a port and in a directory of its
 *  own, gone with the process, however that ends. `npm pretest` installs it. */

import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after } from "node:test";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { freePort } from "./free-port.ts";
import { findS3Server } from "./s3-program.ts";
import { until } from "./until.ts";

/** What a store is opened with. */
export interface TestBucket {
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  readonly accessKey: string;
  readonly secretKey: string;
}

export interface TestS3 extends AsyncDisposable {
  readonly pid: number;
  /** Objects are files in here, a directory for each bucket. */
  readonly directory: string;
  createBucket(): Promise<TestBucket>;
}

/** The shell outlives us if we are killed: when its input ends, it stops the server and deletes the directory. */
const script = `
program=$1 dir=$2 port=$3
"$program" --port "127.0.0.1:$port" --quiet --keep-alive posix --sidecar "$dir/metadata" "$dir/buckets" </dev/null >"$dir/log" 2>&1 &
server=$!
echo "$server"
read -r _
kill -TERM "$server" 2>/dev/null || cat "$dir/log" >&2
wait "$server"
rm -rf "$dir"
`;

export async function startS3Server(program: string): Promise<TestS3> {
  const directory = mkdtempSync(join(tmpdir(), "runyard-s3-"));
  for (const name of ["buckets", "metadata"]) mkdirSync(join(directory, name));
  const [accessKey, secretKey] = ["runyard", randomBytes(12).toString("hex")];
  const port = await freePort();
  const shell = spawn("/bin/sh", ["-c", script, "sh", program, directory, String(port)], {
    env: { PATH: process.env.PATH, HOME: directory, ROOT_ACCESS_KEY: accessKey, ROOT_SECRET_KEY: secretKey },
    cwd: directory,
    stdio: ["pipe", "pipe", "pipe"],
    detached: true, // a Ctrl-C for the tests must not end it before its cleaning up
  });
  const complaints = text(shell.stderr);
  const exited = once(shell, "exit");
  const [pid] = await once(shell.stdout, "data");
  const endpoint = `http://127.0.0.1:${port}`;
  const stop = async () => {
    shell.stdin.end();
    await exited;
  };
  try {
    await until(() => (shell.exitCode === null ? answers(endpoint) : Promise.reject(new Error("it ended"))), {
      timeoutMs: 30_000,
      what: "the tests' S3 server answers",
    });
  } catch (error) {
    await stop();
    throw new Error(`The tests' S3 server did not start. ${await complaints}`, { cause: error });
  }
  // Tests that never touch it again must be able to end: what ends it is the end of our input to it.
  for (const part of [shell, shell.stdout, shell.stderr, shell.stdin]) if ("unref" in part) part.unref?.();
  return {
    pid: Number(pid),
    directory: join(directory, "buckets"),
    async createBucket() {
      const bucket = `test-${randomBytes(6).toString("hex")}`;
      const client = new S3Client({
        ...{ endpoint, region: "us-east-1", forcePathStyle: true },
        credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
      });
      await client.send(new CreateBucketCommand({ Bucket: bucket }));
      client.destroy();
      return { endpoint, region: "us-east-1", bucket, accessKey, secretKey };
    },
    [Symbol.asyncDispose]: stop,
  };
}

let shared: Promise<TestS3> | undefined;

/** One server for all tests of this process. */
export function sharedS3(): Promise<TestS3> {
  const program = findS3Server();
  if (program === undefined) throw new Error("The S3 server for the tests is not installed: npm run pretest");
  shared ??= startS3Server(program);
  return shared;
}

after(async () => {
  const server = await shared?.catch(() => undefined);
  await server?.[Symbol.asyncDispose]();
});

async function answers(endpoint: string): Promise<boolean> {
  return fetch(endpoint).then(
    () => true,
    () => false,
  );
}
