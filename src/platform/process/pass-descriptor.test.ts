import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryDirectory } from "../testing/temporary-directory.ts";
import { descriptorOf, passDescriptor } from "./pass-descriptor.ts";

/** Takes one, and writes to it what has come with it. */
const taker = `
import os, socket, sys
server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])
server.listen()
print("there", flush=True)
said, taken, _, _ = socket.recv_fds(server.accept()[0], 100, 1)
os.write(taken[0], said)`;

test("a descriptor that was passed on is another process's own", async () => {
  using directory = temporaryDirectory();
  const [path, file] = [join(directory.path, "socket"), join(directory.path, "file")];
  const child = spawn("python3", ["-c", taker, path], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  await once(child.stdout, "data");
  const socket = connect(path);
  await once(socket, "connect");
  const descriptor = openSync(file, "w");
  passDescriptor(descriptorOf(socket) ?? -1, Buffer.from("what is said"), descriptor);
  closeSync(descriptor);
  assert.deepEqual(await ended, [0, null]);
  assert.equal(readFileSync(file, "utf8"), "what is said");
  socket.destroy();
  assert.equal(descriptorOf(socket), undefined);
});
